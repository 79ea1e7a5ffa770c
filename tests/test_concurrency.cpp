// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/program_clock.h"
#include "tests/small_simulator.h"
#include "tests/stage.h"
#include "tests/two_cpus.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bpf/bpf.h>
#include <chrono>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace portscan {
namespace {

using namespace test;

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
        Stage shipped{
            {.max_ports = max_ports, .max_sources = 2 * sources, .max_sources6 = 2 * sources},
            Clock::wall};
        std::array<Passed, 2> passed{Passed(sources), Passed(sources)};
        run_on_two_cpus([&](unsigned cpu, Line &line) {
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
    Stage shipped{options, Clock::wall};
    std::array<unsigned, 2> dropped{};
    run_on_two_cpus([&](unsigned cpu, Line &) {
        std::mt19937 random{cpu};
        for (unsigned i = 0; i < packets; ++i) {
            const auto source = static_cast<unsigned>(random() % 1'500);
            const auto port = static_cast<std::uint16_t>(random() % 6);
            dropped[cpu] += shipped.run(probe(source, port)) == Verdict::drop;
            if (cpu == 0 && i % 500 == 0) shipped.expirer.pass(program_clock_ns());
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

TEST_P(Concurrency, BlocksByHandStayWithinTheBoundWhilePassesRun) {
    constexpr unsigned bound = 200;
    Stage stage{
        {.max_sources = 2'000, .max_sources6 = 2'000, .max_blocked = bound, .max_blocked6 = bound}};
    std::atomic<bool> ends = false;
    run_on_two_cpus([&](unsigned cpu, Line &) {
        if (cpu == 1) {
            while (!ends) stage.expirer.pass(0);
            return;
        }
        for (unsigned round = 0; round < 100; ++round) {
            std::vector<Prefix> blocks;
            for (unsigned i = 0; i < bound + 100; ++i) {
                const auto source = stage.registry.source_of(numbered(family, i));
                if (stage.registry.block(source, 0) == BlockOutcome::blocked)
                    blocks.push_back(source);
            }
            EXPECT_LE(blocks.size(), bound);
            for (const auto &source : blocks) stage.registry.remove(source);
        }
        ends = true;
    });
    stage.expirer.pass(0);
    EXPECT_EQ(stage.state.blocked(index()), 0U);
}

/// Who makes a record give way often gets its memory, and a CPU may still hold its word. So the tag
/// is another one there, and for the next place, in rings of every length.
TEST_P(Concurrency, TagDiffersFromThoseBesideItInTheQueue) {
    for (const unsigned places : {1U, 2U, 3U, 6U, 7U, 8U, 9U, 10U, 15U, 16U, 18U, 24U, 50U, 64U}) {
        SCOPED_TRACE(places);
        Stage stage{{.max_sources = places + 1,
                     .max_sources6 = places + 1,
                     .max_blocked = 1,
                     .max_blocked6 = 1}};
        const int registry =
            family.ipv6 ? stage.detector.maps().ip6_reg : stage.detector.maps().ip_reg;
        std::vector<unsigned> tags;
        for (unsigned i = 0; i < 9 * places; ++i) {
            ASSERT_EQ(stage.run(probe(i, 80)), Verdict::pass);
            const auto key = stage.registry.source_of(numbered(family, i)).address.bytes;
            portscan_record record{};
            ASSERT_EQ(bpf_map_lookup_elem(registry, key.data(), &record), 0);
            tags.push_back(record.tag);
            for (const unsigned distance : {1U, places})
                EXPECT_TRUE(i < distance || tags[i] != tags[i - distance]) << i;
        }
    }
}

} // namespace
} // namespace portscan
