// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/small_simulator.h"
#include "tests/workbench.h"

#include <chrono>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using namespace test;
using std::chrono::nanoseconds;
using testing::ElementsAre;

class Time : public BothFamilies {
  protected:
    static constexpr std::uint64_t start = 1'000'000'000'000;
    static constexpr nanoseconds window = 10s;
    static constexpr nanoseconds block_for = 30s;

    static std::uint64_t after(nanoseconds age) {
        return static_cast<std::uint64_t>(static_cast<std::int64_t>(start) + age.count());
    }
};
INSTANTIATE_TEST_SUITE_P(For, Time, testing::ValuesIn(families), testing::PrintToStringParamName());

struct AtAge {
    const char *description;
    nanoseconds age;
    bool over;
};

/// Ages around a limit, and far from it.
std::vector<AtAge> ages_around(nanoseconds limit) {
    return {{"long before", -4 * limit, false},  {"at age 0", 0ns, false},
            {"1 ns before", limit - 1ns, false}, {"to the nanosecond", limit, true},
            {"1 ns later", limit + 1ns, true},   {"much later", 100 * limit, true}};
}

TEST_P(Time, RecordIsForgottenAtTheWindow) {
    Simulator simulator{small({.window = window})};
    for (const auto &[description, age, over] : ages_around(window)) {
        SCOPED_TRACE(description);
        simulator.unblock(family.scanner);
        simulator.set_time(start);
        simulator.run(syn(family, 1));
        simulator.run(syn(family, 2));
        simulator.set_time(after(age));
        const auto result = simulator.step(syn(family, 3).bytes());
        EXPECT_EQ(result.reason, Reason::recorded);
        EXPECT_EQ(result.new_record, over);
        EXPECT_EQ(simulator.source(family.scanner)->ports.size(), over ? 1U : 3U);
    }
}

TEST_P(Time, KnownPortIsForgottenAtTheWindow) {
    Simulator simulator{small({.window = window})};
    for (const auto &[description, age, over] : ages_around(window)) {
        SCOPED_TRACE(description);
        simulator.unblock(family.scanner);
        simulator.set_time(start);
        simulator.run(syn(family, 1));
        simulator.set_time(after(age));
        EXPECT_EQ(step(simulator, syn(family, 1)), over ? recorded : known);
    }
}

TEST_P(Time, FullRecordBlocksWithinTheWindowOnly) {
    for (const unsigned max_ports : {1U, 3U, 4U, 16U}) {
        Simulator simulator{small({.max_ports = max_ports, .window = window})};
        for (const auto &[description, age, over] : ages_around(window)) {
            SCOPED_TRACE(description);
            simulator.unblock(family.scanner);
            simulator.set_time(start);
            for (unsigned port = 1; port <= max_ports; ++port) simulator.run(syn(family, port));
            simulator.set_time(after(age));
            EXPECT_EQ(step(simulator, syn(family, 99)), over ? recorded : threshold);
            const auto ports = simulator.source(family.scanner)->ports;
            ASSERT_EQ(ports.size(), over ? 1U : max_ports);
            EXPECT_EQ(*ports.begin(), over ? 99 : 1);
        }
    }
}

TEST_P(Time, WindowRunsFromTheLastRefresh) {
    Simulator simulator{small({.window = window})};
    simulator.set_time(start);
    simulator.run(syn(family, 1));
    for (int i = 0; i < 10; ++i) { // goes on probing for ten windows
        simulator.advance(window - 1ns);
        EXPECT_EQ(step(simulator, syn(family, 1)), known);
    }
    simulator.advance(window);
    EXPECT_EQ(step(simulator, syn(family, 1)), recorded);
}

TEST_P(Time, ProbesThatAreNotOfTheRecordDoNotRefresh) {
    Simulator simulator{small({.window = window, .ignore_ports = {{7, 7}}})};
    simulator.set_time(start);
    simulator.run(syn(family, 1));
    simulator.set_time(after(window - 1ns));
    simulator.run(syn(family, 7));
    simulator.run(tcp(family.scanner, family.host, 1, "A"));
    simulator.allow(family.scanner);
    EXPECT_EQ(step(simulator, syn(family, 2)), allowlisted);
    simulator.disallow(family.scanner);
    EXPECT_EQ(simulator.source(family.scanner)->timestamp_ns, start);
    simulator.advance(1ns);
    EXPECT_EQ(step(simulator, syn(family, 1)), recorded);
}

TEST_P(Time, RestartsWhetherOrNotAnExpiryPassHasRun) {
    for (const nanoseconds age : {window, 2 * window - 1ns, 2 * window}) {
        for (const bool pass : {false, true}) {
            Simulator simulator{small({.window = window})};
            simulator.set_time(start);
            for (const std::uint16_t port : {1, 2, 3}) simulator.run(syn(family, port));
            simulator.set_time(after(age));
            if (pass) simulator.expire();
            const auto result = simulator.step(syn(family, 4).bytes());
            EXPECT_EQ(result.reason, Reason::recorded);
            EXPECT_TRUE(result.new_record);
            EXPECT_THAT(simulator.source(family.scanner)->ports, ElementsAre(4));
            EXPECT_EQ(simulator.sources().size(), 1U);
        }
    }
}

TEST_P(Time, BlockEndsAtItsDuration) {
    Simulator simulator{small({.window = window, .block_for = block_for})};
    for (const auto &[description, age, over] : ages_around(block_for)) {
        SCOPED_TRACE(description);
        simulator.unblock(family.scanner);
        simulator.set_time(start);
        get_blocked(simulator, family.scanner, family.host);
        simulator.set_time(after(age));
        const auto ack = tcp(family.scanner, family.host, 22, "A");
        EXPECT_EQ(step(simulator, ack), over ? not_probe : blocked);
        const auto result = simulator.step(syn(family, 60001).bytes());
        EXPECT_EQ(result.reason, over ? Reason::recorded : Reason::blocked);
        EXPECT_EQ(result.new_record, over);
        EXPECT_EQ(simulator.source(family.scanner)->blocked, !over);
    }
}

TEST_P(Time, BlockRunsFromItsTriggerAndIsNotProlonged) {
    Simulator simulator{small({.window = window, .block_for = block_for})};
    simulator.set_time(start);
    for (const std::uint16_t port : {1, 2, 3}) simulator.run(syn(family, port));
    simulator.advance(window - 1ns);
    EXPECT_EQ(step(simulator, syn(family, 4)), threshold);
    EXPECT_EQ(simulator.source(family.scanner)->timestamp_ns, after(window - 1ns));
    simulator.advance(block_for - 1ns);
    EXPECT_EQ(step(simulator, syn(family, 5)), blocked);
    simulator.advance(1ns);
    EXPECT_EQ(step(simulator, syn(family, 5)), recorded);
}

TEST_P(Time, BlockWithoutDurationStays) {
    Simulator simulator{small({.window = window})};
    simulator.set_time(start);
    get_blocked(simulator, family.scanner, family.host);
    simulator.set_time(std::uint64_t{1} << 62);
    EXPECT_EQ(step(simulator, syn(family, 1)), blocked);
    EXPECT_EQ(simulator.expire().blocks_left, 1U);
}

TEST_P(Time, ExpiredBlockIsWrittenByItsNextRecordedProbeOnly) {
    Workbench bench{small({.window = window, .block_for = block_for, .ignore_ports = {{7, 7}}})};
    bench.clock.set(start);
    for (const std::uint16_t port : {1, 2, 3, 4}) bench.run(syn(family, port));
    const auto block = bench.record(family.scanner).value();
    bench.clock.set(after(block_for));
    EXPECT_EQ(bench.run(tcp(family.scanner, family.host, 1, "A")), not_probe);
    EXPECT_EQ(bench.run(syn(family, 1).payload_size(64).fragment(24, 16)), not_probe);
    EXPECT_EQ(bench.run(udp(family.scanner, family.host, 1)), not_tcp);
    EXPECT_EQ(bench.run(syn(family, 7)), ignored);
    const auto entry = Prefix::host(Address::parse(family.scanner).value());
    bench.allowlist.add(entry, AllowOrigin::manual);
    bench.put_record(family.scanner, block); // the entry lifted it
    EXPECT_EQ(bench.run(syn(family, 1)), allowlisted);
    bench.allowlist.remove(entry);
    const auto kept = bench.record(family.scanner).value();
    EXPECT_EQ(std::memcmp(&kept, &block, sizeof(block)), 0);
    EXPECT_EQ(bench.run(syn(family, 1)), recorded);
}

} // namespace
} // namespace portscan
