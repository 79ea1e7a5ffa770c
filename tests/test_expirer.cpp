// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/small_simulator.h"
#include "tests/workbench.h"

#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using namespace test;
using std::chrono::nanoseconds;

constexpr std::uint64_t start = 1'000'000'000'000;

class Expiry : public BothFamilies {};
INSTANTIATE_TEST_SUITE_P(For, Expiry, testing::ValuesIn(families),
                         testing::PrintToStringParamName());

/// What a pass finds of one record at some age of it.
struct PassAt {
    nanoseconds age;
    std::uint64_t sources_left;
};

TEST_P(Expiry, FreesWhatIsIdleForTwiceTheWindow) {
    for (const auto &[age, left] : {PassAt{-500s, 1}, PassAt{0s, 1}, PassAt{10s, 1},
                                    PassAt{20s - 1ns, 1}, PassAt{20s, 0}, PassAt{300s, 0}}) {
        SCOPED_TRACE(age.count());
        Simulator simulator{small({.window = 10s})};
        simulator.set_time(start);
        simulator.run(syn(family, 1));
        simulator.advance(age);
        const auto report = simulator.expire();
        EXPECT_EQ(report.sources_left, left);
        EXPECT_EQ(report.sources_freed, 1 - left);
        EXPECT_EQ(report.blocks_freed, 0U);
        EXPECT_EQ(simulator.source(family.scanner).has_value(), left == 1);
        EXPECT_EQ(simulator.counters().find("registry_size"), left);
    }
}

TEST_P(Expiry, FreesBlocksWhoseDurationIsOver) {
    for (const auto &[age, left] : {PassAt{-500s, 1}, PassAt{20s, 1}, PassAt{30s - 1ns, 1},
                                    PassAt{30s, 0}, PassAt{300s, 0}}) {
        SCOPED_TRACE(age.count());
        Simulator simulator{small({.window = 10s, .block_for = 30s})};
        simulator.set_time(start);
        get_blocked(simulator, family.scanner, family.host);
        simulator.advance(age);
        const auto report = simulator.expire();
        EXPECT_EQ(report.sources_left, left);
        EXPECT_EQ(report.blocks_left, left);
        EXPECT_EQ(report.blocks_freed, 1 - left);
        EXPECT_EQ(report.sources_freed, 0U);
        EXPECT_EQ(step(simulator, syn(family, 9)), left == 1 ? blocked : recorded);
    }
}

TEST_P(Expiry, DurationBelowTheWindowCountsForBlocks) {
    Simulator simulator{small({.window = 60s, .block_for = 1s})};
    simulator.set_time(start);
    get_blocked(simulator, family.scanner, family.host);
    simulator.run(tcp(family.bystander, family.host, 1, "S"));
    simulator.advance(1s);
    const auto report = simulator.expire();
    EXPECT_EQ(report.blocks_freed, 1U);
    EXPECT_EQ(report.sources_left, 1U);
    EXPECT_TRUE(simulator.source(family.bystander));
}

TEST_P(Expiry, NeverFreesABlockWithoutDuration) {
    Simulator simulator{small({.window = 1ns})};
    get_blocked(simulator, family.scanner, family.host);
    simulator.set_time(INT64_MAX);
    const auto report = simulator.expire();
    EXPECT_EQ(report.blocks_left, 1U);
    EXPECT_EQ(report.next_due_ns, UINT64_MAX);
    EXPECT_TRUE(simulator.source(family.scanner)->blocked);
}

TEST_P(Expiry, NeverFreesWhatWasRefreshedWithinTheWindow) {
    Simulator simulator{small({.window = 10s})};
    simulator.set_time(start);
    for (int i = 0; i < 10; ++i) {
        EXPECT_NE(step(simulator, syn(family, 1)), threshold);
        simulator.advance(9s);
        EXPECT_EQ(simulator.expire().sources_left, 1U);
    }
}

TEST_P(Expiry, TellsWhenTheNextPassCanFree) {
    Simulator simulator{small({.window = 10s, .block_for = 30s})};
    EXPECT_EQ(simulator.expire().next_due_ns, UINT64_MAX) << "nothing is there";
    simulator.set_time(start);
    get_blocked(simulator, family.scanner, family.host);
    EXPECT_EQ(simulator.expire().next_due_ns, start + 30'000'000'000);
    simulator.run(tcp(family.bystander, family.host, 1, "S"));
    EXPECT_EQ(simulator.expire().next_due_ns, start + 20'000'000'000);
}

TEST_P(Expiry, ForgetsFurtherPortsToo) {
    Simulator simulator{small({.max_ports = 16, .window = 10s})};
    simulator.set_time(start);
    for (std::uint16_t port = 1; port <= 16; ++port) simulator.run(syn(family, port));
    simulator.advance(20s);
    simulator.expire();
    for (std::uint16_t port = 16; port >= 1; --port)
        EXPECT_EQ(step(simulator, syn(family, port)), recorded);
}

TEST_P(Expiry, DeletesARecordThatStayedDeadForASecond) {
    Workbench bench{small({.max_ports = 16})};
    bench.clock.set(start);
    for (std::uint16_t port = 1; port <= 5; ++port) bench.run(syn(family, port));
    portscan_record record = *bench.record(family.scanner);
    record.port1 = record.port2 = record.port3 = 0;
    record.count = PORTSCAN_COUNT_DEAD; // as who was to delete it left it
    bench.put_record(family.scanner, record);
    EXPECT_EQ(bench.run(syn(family, 1)), contention);
    for (const auto age : {0ms, 10ms, 999ms}) {
        const auto report = bench.expirer.pass(start + nanoseconds{age}.count());
        EXPECT_EQ(report.sources_left, 0U) << "it is no source";
        EXPECT_LE(report.next_due_ns, start + 2'100'000'000) << "a pass has to come again";
        EXPECT_TRUE(bench.record(family.scanner)) << "somebody may be about to delete it";
    }
    bench.expirer.pass(start + 1'100'000'000);
    EXPECT_FALSE(bench.record(family.scanner));
    for (std::uint16_t port = 16; port >= 1; --port)
        EXPECT_EQ(bench.run(syn(family, port)), recorded) << "its further ports are forgotten";
}

TEST_P(Expiry, TimeOfADeadRecordStartsWithThePassThatSeesIt) {
    Workbench bench{small({})};
    bench.put_record(family.scanner, {.count = PORTSCAN_COUNT_DEAD, .packet_timestamp = 1});
    bench.expirer.pass(start);
    EXPECT_TRUE(bench.record(family.scanner));
    bench.expirer.pass(start - 100'000'000'000); // a clock that is behind
    EXPECT_TRUE(bench.record(family.scanner));
}

TEST(ExpiryPass, CountsBothFamilies) {
    Simulator simulator{small({.window = 10s})};
    for (const auto &family : families) {
        get_blocked(simulator, family.scanner, family.host);
        simulator.run(tcp(family.bystander, family.host, 1, "S"));
    }
    const auto report = simulator.expire();
    EXPECT_EQ(report.sources_left, 4U);
    EXPECT_EQ(report.blocks_left, 2U);
    EXPECT_EQ(simulator.counters().find("registry_size"), 4U);
}

} // namespace
} // namespace portscan
