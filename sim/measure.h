// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame.h"
#include "sim/latency.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace portscan {

/// The CPUs that this process might use when this was first called, in order: pinning a thread
/// changes nothing. Throws std::system_error, as all below do.
const std::vector<unsigned> &usable_cpus();

/// Ties the calling thread to one CPU: caches and per-CPU maps stay the same.
void pin_to_cpu(unsigned cpu);

/// What one run of the program over the frame costs, in ns, by the thread's CPU time over `repeat`
/// runs in one system call: time in which somebody else had the CPU does not count. The test run's
/// own cost is included; subtract that of the empty program.
double steady_cost(int program_fd, ByteView frame, std::uint32_t repeat);

/// The same on two CPUs at once: the mean of both threads. The two system calls start some ten
/// milliseconds apart, so `repeat` has to last for a multiple of that.
double steady_cost_on_two(int program_fd, ByteView frame, std::uint32_t repeat);

/// What the calling thread gets of its CPU. Virtual machines often have no counter of cycles, and
/// the TSC ticks at a rate of its own.
struct CpuPace {
    /// A cycle, in ns of the thread's CPU time: additions in a chain, each waiting for the one
    /// before, one a cycle.
    double cycle_ns = 0;
    /// Of six chains side by side. How many a core can do is its own: 4 to 8 of today's large ones.
    /// Less than it had a moment before means that something else uses its units: another hardware
    /// thread (simultaneous multithreading), which may be a neighbour's and shows in no CPU time.
    double additions_per_cycle = 0;
};

/// Takes some 80 us.
CpuPace cpu_pace();

/// Durations of `count` single runs, over the frames that `next(i)` gives.
LatencyHistogram single_runs(int program_fd, std::uint32_t count,
                             const std::function<ByteView(std::uint32_t)> &next);

/// Runs `work(0)` and `work(1)` at once on the first two usable CPUs. What they throw comes out
/// here. Throws std::runtime_error where there is only one.
void on_two_cpus(const std::function<void(unsigned thread)> &work);

/// The processor's name, as the kernel has it.
std::string cpu_name();

} // namespace portscan
