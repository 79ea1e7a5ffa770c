// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/events.h"
#include "tests/workbench.h"

#include <cerrno>
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

/// Runs work(0) and work(1) at the same time, each on a CPU of its own where there are two.
template <typename Work>
void run_on_two_cpus(Work work) {
    const auto cpus = usable_cpus();
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 2; ++i)
        threads.emplace_back([&, i] {
            cpu_set_t set;
            CPU_ZERO(&set);
            CPU_SET(static_cast<std::size_t>(cpus[i % cpus.size()]), &set);
            sched_setaffinity(0, sizeof(set), &set);
            work(i);
        });
    for (auto &thread : threads) thread.join();
}

/// The program as shipped: per-CPU counters, the kernel's clock.
struct Shipped {
    explicit Shipped(const DetectorOptions &options) :
        detector{Detector::load(
            options,
            {.object_path = {},
             .prepare = [](auto *object) { use_harness_maps(object, StatsMap::shipped); }})},
        state{detector.maps().state},
        counters{detector.maps().stats},
        registry{detector.maps(), state, options},
        allowlist{detector.maps(), state, registry},
        expirer{detector.expire_program(), state, counters, allowlist},
        events{detector.maps().events} {}

    Verdict run(const Packet &packet) {
        return test_run(detector.program(), packet.bytes()).verdict;
    }

    Detector detector;
    MappedState state;
    CounterMap counters;
    Registry registry;
    Allowlist allowlist;
    Expirer expirer;
    EventReader events;
};

} // namespace portscan::test
