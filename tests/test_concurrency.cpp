// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/events.h"
#include "tests/small_simulator.h"
#include "tests/workbench.h"

#include <algorithm>
#include <array>
#include <barrier>
#include <chrono>
#include <ctime>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <sched.h>
#include <set>
#include <system_error>
#include <thread>

namespace portscan {
namespace {

using namespace test;

/// The CPUs that this process may use.
std::vector<int> usable_cpus() {
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

/// What the program's clock shows at most.
std::uint64_t monotonic_ns() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(time.tv_nsec);
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

class Concurrency : public BothFamilies {
  protected:
    static constexpr unsigned sources = 3'000;
    static constexpr unsigned batch = 4; // few at a time, so that the CPUs meet at one of them

    Packet probe(unsigned source, std::uint16_t port) const {
        return tcp(numbered(family, source), family.host, port, "S");
    }
    portscan_family index() const { return family.ipv6 ? PORTSCAN_IPV6 : PORTSCAN_IPV4; }
};
INSTANTIATE_TEST_SUITE_P(For, Concurrency, testing::ValuesIn(families),
                         testing::PrintToStringParamName());

/// Ports that passed, by source.
using Passed = std::vector<std::set<std::uint16_t>>;

TEST_P(Concurrency, SourceOnTwoCpusGetsMaxPortsAndOneBlock) {
    for (const unsigned max_ports : {1U, 3U, 16U}) {
        SCOPED_TRACE(max_ports);
        Shipped shipped{
            {.max_ports = max_ports, .max_sources = 2 * sources, .max_sources6 = 2 * sources}};
        std::array<Passed, 2> passed{Passed(sources), Passed(sources)};
        std::barrier line{2};
        run_on_two_cpus([&](unsigned cpu) {
            std::mt19937 random{cpu};
            for (unsigned first = 0; first < sources; first += batch) {
                std::vector<std::pair<unsigned, std::uint16_t>> probes;
                for (unsigned source = first; source < first + batch; ++source)
                    for (unsigned port = 0; port < max_ports + 4; ++port)
                        probes.emplace_back(source, port);
                std::shuffle(probes.begin(), probes.end(), random);
                line.arrive_and_wait();
                for (const auto &[source, port] : probes)
                    if (shipped.run(probe(source, port)) == Verdict::pass)
                        passed[cpu][source].insert(port);
            }
        });

        for (unsigned source = 0; source < sources; ++source) {
            auto &ports = passed[0][source];
            ports.insert(passed[1][source].begin(), passed[1][source].end());
            ASSERT_LE(ports.size(), max_ports) << source;
            // Where contention dropped some, the rest of the record is filled now.
            for (std::uint16_t port = 1000; port <= 1000 + max_ports; ++port)
                if (shipped.run(probe(source, port)) == Verdict::pass) ports.insert(port);
            ASSERT_EQ(ports.size(), max_ports) << source;
        }
        std::map<Prefix, unsigned> blocks;
        for (const auto &event : shipped.events.take()) ++blocks[event.source];
        EXPECT_EQ(blocks.size(), sources);
        for (const auto &[source, count] : blocks) EXPECT_EQ(count, 1U) << source.to_string();
        EXPECT_EQ(shipped.counters.read().find("blocks"), sources);
        EXPECT_EQ(shipped.state.blocked(index()), sources);
    }
}

TEST_P(Concurrency, NothingIsLostWhileTwoCpusFillTheRegistryAndPassesRun) {
    constexpr unsigned packets = 60'000;
    DetectorOptions options{.window = std::chrono::milliseconds{5},
                            .block_for = std::chrono::milliseconds{20},
                            .max_blocked = 250,
                            .max_blocked6 = 250};
    options.max_sources = options.max_sources6 = 1'000;
    Shipped shipped{options};
    std::array<unsigned, 2> dropped{};
    run_on_two_cpus([&](unsigned cpu) {
        std::mt19937 random{cpu};
        for (unsigned i = 0; i < packets; ++i) {
            const auto source = static_cast<unsigned>(random() % 1'500);
            const auto port = static_cast<std::uint16_t>(random() % 6);
            dropped[cpu] += shipped.run(probe(source, port)) == Verdict::drop;
            if (cpu == 0 && i % 500 == 0) shipped.expirer.pass(monotonic_ns());
        }
    });

    const auto counters = shipped.counters.read();
    EXPECT_EQ(counters.find("xdp_drop"), dropped[0] + dropped[1]);
    EXPECT_EQ(*counters.find("xdp_drop") + *counters.find("xdp_pass"), 2 * packets);
    EXPECT_EQ(counters.find("probes"), 2 * packets);
    EXPECT_EQ(counters.find("xdp_aborted"), 0U);
    EXPECT_GT(counters.find("blocks"), 0U);
    EXPECT_GT(counters.find("evictions"), 0U);
    const auto records = shipped.registry.all();
    const auto blocks = std::count_if(records.begin(), records.end(),
                                      [](const auto &record) { return record.blocked; });
    EXPECT_LE(records.size(), options.max_sources);
    EXPECT_LE(blocks, 250);
    EXPECT_EQ(shipped.state.blocked(index()), blocks);
}

} // namespace
} // namespace portscan
