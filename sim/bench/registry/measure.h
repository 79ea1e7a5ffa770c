// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame.h"
#include "sim/latency.h"

#include <array>
#include <cstdint>
#include <functional>

namespace portscan::bench {

/// Ties the calling thread to one CPU: caches and per-CPU maps stay the same. Throws
/// std::system_error.
void pin_to_cpu(unsigned cpu);

/// What one run of the program over the frame costs, in ns, by the thread's CPU time over `repeat`
/// runs in one system call: time in which somebody else had the CPU does not count. The test run's
/// own cost is included; subtract that of the empty program.
double steady_cost(int program_fd, ByteView frame, std::uint32_t repeat);

/// The same on CPUs 0 and 1 at once: the mean of both threads. Needs two CPUs and otherwise throws
/// std::runtime_error.
double steady_cost_on_two(int program_fd, ByteView frame, std::uint32_t repeat);

/// Durations of `count` single runs, over the frames that `next(i)` gives.
LatencyHistogram single_runs(int program_fd, std::uint32_t count,
                             const std::function<ByteView(std::uint32_t)> &next);

/// Runs `work(0)` and `work(1)` at once on CPUs 0 and 1. What they throw comes out here.
void on_two_cpus(const std::function<void(unsigned cpu)> &work);

} // namespace portscan::bench
