// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <barrier>
#include <exception>
#include <sched.h>
#include <system_error>
#include <thread>
#include <vector>

namespace portscan::test {

/// The CPUs that this process may use.
inline std::vector<int> usable_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        throw std::system_error(errno, std::generic_category(), "read CPU affinity");
    std::vector<int> cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    return cpus;
}

/// Binds the calling thread to a CPU.
inline void stay_on_cpu(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0)
        throw std::system_error(errno, std::generic_category(), "stay on one CPU");
}

/// Where the two threads of run_on_two_cpus() wait for each other.
using Line = std::barrier<>;

/// Runs work(0, line) and work(1, line) at the same time, each on a CPU of its own where there are
/// two. What one of them throws is thrown here, once both have ended; nobody waits for it.
template <typename Work>
void run_on_two_cpus(Work work) {
    const auto cpus = usable_cpus();
    Line line{2};
    std::exception_ptr failures[2];
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 2; ++i)
        threads.emplace_back([&, i] {
            try {
                stay_on_cpu(cpus[i % cpus.size()]);
                work(i, line);
            } catch (...) {
                failures[i] = std::current_exception();
            }
            line.arrive_and_drop();
        });
    for (auto &thread : threads) thread.join();
    for (const auto &failure : failures)
        if (failure) std::rethrow_exception(failure);
}

} // namespace portscan::test
