// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/small_simulator.h"
#include "tests/workbench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace test;
using testing::ElementsAre;

class AllowlistRules : public BothFamilies {};
INSTANTIATE_TEST_SUITE_P(For, AllowlistRules, testing::ValuesIn(families),
                         testing::PrintToStringParamName());

TEST_P(AllowlistRules, NewPortsPassUnrecorded) {
    Simulator simulator{small()};
    simulator.allow(family.scanner);
    for (std::uint16_t port = 1; port <= 10; ++port)
        EXPECT_EQ(step(simulator, syn(family, port)), allowlisted);
    EXPECT_FALSE(simulator.source(family.scanner));
    EXPECT_EQ(step(simulator, tcp(family.bystander, family.host, 1, "S")), recorded);
}

TEST_P(AllowlistRules, IgnoredPortComesFirst) {
    Simulator simulator{small({.ignore_ports = {{7, 7}}})};
    simulator.allow(family.scanner);
    EXPECT_EQ(step(simulator, syn(family, 7)), ignored);
}

TEST_P(AllowlistRules, RecordedPortComesFirstAndRefreshes) {
    for (const unsigned max_ports : {3U, 16U}) {
        Simulator simulator{small({.max_ports = max_ports})};
        for (std::uint16_t port = 1; port <= max_ports; ++port) simulator.run(syn(family, port));
        simulator.allow(family.scanner);
        simulator.advance(std::chrono::seconds{5});
        EXPECT_EQ(step(simulator, syn(family, 99)), allowlisted) << "the record is full";
        EXPECT_EQ(simulator.source(family.scanner)->timestamp_ns, 0U);
        EXPECT_EQ(step(simulator, syn(family, 1)), known);
        EXPECT_EQ(step(simulator, syn(family, max_ports)), known);
        EXPECT_EQ(simulator.source(family.scanner)->timestamp_ns, 5'000'000'000U);
        EXPECT_FALSE(simulator.source(family.scanner)->blocked);
    }
}

TEST_P(AllowlistRules, PortsOfAPartialRecordAreNotAdded) {
    Simulator simulator{small()};
    simulator.run(syn(family, 1));
    simulator.allow(family.scanner);
    EXPECT_EQ(step(simulator, syn(family, 2)), allowlisted);
    EXPECT_THAT(simulator.source(family.scanner)->ports, ElementsAre(1));
}

TEST_P(AllowlistRules, OldRecordIsLeftAlone) {
    Simulator simulator{small()};
    simulator.run(syn(family, 1));
    simulator.allow(family.scanner);
    simulator.advance(std::chrono::seconds{60});
    EXPECT_EQ(step(simulator, syn(family, 1)), allowlisted) << "no longer a recorded port";
    EXPECT_EQ(simulator.source(family.scanner)->timestamp_ns, 0U);
}

TEST_P(AllowlistRules, OtherPacketsAreWhatTheyAre) {
    Simulator simulator{small()};
    simulator.allow(family.scanner);
    EXPECT_EQ(step(simulator, tcp(family.scanner, family.host, 1, "A")), not_probe);
    EXPECT_EQ(step(simulator, udp(family.scanner, family.host, 1)), not_tcp);
    EXPECT_EQ(step(simulator, syn(family, 1).data_offset(4)), malformed);
}

TEST_P(AllowlistRules, EntryLiftsTheBlock) {
    for (const bool by_hand : {false, true}) {
        Simulator simulator{small()};
        if (by_hand)
            simulator.block(family.scanner);
        else
            get_blocked(simulator, family.scanner, family.host);
        get_blocked(simulator, family.bystander, family.host);
        const auto source = simulator.source(family.scanner)->source;
        simulator.allow(source.to_string());
        EXPECT_FALSE(simulator.source(family.scanner));
        EXPECT_EQ(step(simulator, syn(family, 1)), allowlisted);
        EXPECT_EQ(step(simulator, tcp(family.scanner, family.host, 1, "A")), not_probe);
        EXPECT_TRUE(simulator.source(family.bystander)->blocked) << "not covered";
    }
}

TEST_P(AllowlistRules, ShorterEntryLiftsEveryBlockThatItCovers) {
    Simulator simulator{small()};
    get_blocked(simulator, family.scanner, family.host);
    get_blocked(simulator, family.bystander, family.host);
    get_blocked(simulator, family.host, family.scanner);
    simulator.allow(family.ipv6 ? "2001:db8::/48" : "10.0.0.0/30");
    EXPECT_FALSE(simulator.source(family.scanner));
    EXPECT_FALSE(simulator.source(family.bystander));
    EXPECT_TRUE(simulator.source(family.host)->blocked) << "outside of it";
    EXPECT_EQ(simulator.expire().blocks_left, 1U);
}

TEST_P(AllowlistRules, LiftedBlocksMakeRoomForOthers) {
    Simulator simulator{small({.max_sources = 2, .max_sources6 = 2})};
    simulator.block(family.scanner);
    EXPECT_EQ(simulator.block(family.bystander), BlockOutcome::bound_reached);
    simulator.allow(simulator.source(family.scanner)->source.to_string());
    EXPECT_EQ(simulator.block(family.bystander), BlockOutcome::blocked);
}

TEST_P(AllowlistRules, RemovedEntryNoLongerHelps) {
    Simulator simulator{small()};
    simulator.allow(family.scanner);
    EXPECT_TRUE(simulator.disallow(family.scanner));
    EXPECT_FALSE(simulator.disallow(family.scanner));
    EXPECT_EQ(step(simulator, syn(family, 1)), recorded);
    get_blocked(simulator, family.scanner, family.host);
    EXPECT_TRUE(simulator.source(family.scanner)->blocked);
}

TEST_P(AllowlistRules, BlockByHandIsRefused) {
    Simulator simulator{small()};
    simulator.allow(family.ipv6 ? "2001:db8::/40" : "10.0.0.0/24");
    EXPECT_EQ(simulator.block(family.scanner), BlockOutcome::allowlisted);
    EXPECT_EQ(step(simulator, syn(family, 1)), allowlisted);
}

TEST_P(AllowlistRules, OptionsAllowFromTheStart) {
    Simulator simulator{small(
        {.allow = {Prefix::parse("10.0.0.0/31").value(), Prefix::parse("2001:db8::/64").value()}})};
    EXPECT_EQ(step(simulator, syn(family, 1)), allowlisted);
    EXPECT_EQ(step(simulator, tcp(family.bystander, family.host, 1, "S")), recorded);
    EXPECT_TRUE(simulator.disallow("10.0.0.0/31"));
}

TEST_P(AllowlistRules, CoveredBlockThatAppearsByRaceIsLiftedByTheNextPass) {
    Workbench bench{small()};
    const Prefix entry = bench.source_named(family.scanner);
    for (const std::uint16_t port : {1, 2, 3, 4}) bench.run(syn(family, port));
    const auto block = bench.record(family.scanner).value();
    bench.allowlist.add(entry, AllowOrigin::manual);
    bench.put_record(family.scanner, block); // decided before the entry was there
    EXPECT_EQ(bench.run(syn(family, 1)), blocked);
    EXPECT_EQ(bench.expirer.pass(0).blocks_lifted, 1U);
    EXPECT_EQ(bench.run(syn(family, 1)), allowlisted);
    EXPECT_FALSE(bench.record(family.scanner));
}

} // namespace
} // namespace portscan
