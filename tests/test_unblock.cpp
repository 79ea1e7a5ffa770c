// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/events.h"
#include "tests/small_simulator.h"
#include "tests/workbench.h"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

class Unblock : public BothFamilies {};
class BlockByHand : public BothFamilies {};
INSTANTIATE_TEST_SUITE_P(For, Unblock, testing::ValuesIn(families),
                         testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(For, BlockByHand, testing::ValuesIn(families),
                         testing::PrintToStringParamName());

TEST_P(Unblock, LetsTheSourceStartAfresh) {
    for (const unsigned max_ports : {1U, 3U, 4U, 16U}) {
        SCOPED_TRACE(max_ports);
        Simulator simulator{small({.max_ports = max_ports})};
        for (int life = 0; life < 3; ++life) {
            for (std::uint16_t port = 1; port <= max_ports; ++port)
                EXPECT_EQ(step(simulator, syn(family, port)), recorded);
            EXPECT_EQ(step(simulator, syn(family, 99)), threshold);
            EXPECT_EQ(step(simulator, syn(family, 1)), blocked);
            EXPECT_TRUE(simulator.unblock(family.scanner));
            EXPECT_FALSE(simulator.source(family.scanner));
        }
        EXPECT_EQ(simulator.take_events().size(), 3U);
    }
}

TEST_P(Unblock, ConcernsOneSource) {
    Simulator simulator{small()};
    get_blocked(simulator, family.scanner, family.host);
    get_blocked(simulator, family.bystander, family.host);
    simulator.unblock(family.bystander);
    EXPECT_EQ(step(simulator, syn(family, 1)), blocked);
}

TEST_P(Unblock, SaysWhetherThereWasARecord) {
    Simulator simulator{small()};
    EXPECT_FALSE(simulator.unblock(family.scanner));
    simulator.run(syn(family, 1));
    EXPECT_TRUE(simulator.unblock(family.scanner)) << "a record that is no block";
    EXPECT_FALSE(simulator.unblock(family.scanner));
}

TEST_P(Unblock, ForgetsSixteenPorts) {
    Simulator simulator{small({.max_ports = 16})};
    for (std::uint16_t port = 1; port <= 16; ++port) simulator.run(syn(family, port));
    simulator.unblock(family.scanner);
    for (std::uint16_t port = 4; port <= 7; ++port)
        EXPECT_EQ(step(simulator, syn(family, port)), recorded);
    EXPECT_THAT(simulator.source(family.scanner)->ports, ElementsAre(4, 5, 6, 7));
}

TEST_P(Unblock, BehindTheProgramsBackIsTheSame) {
    for (const unsigned max_ports : {3U, 16U}) {
        SCOPED_TRACE(max_ports);
        Workbench bench{small({.max_ports = max_ports})};
        for (std::uint16_t port = 1; port <= max_ports + 1; ++port) bench.run(syn(family, port));
        ASSERT_TRUE(bench.record(family.scanner)->blocked);
        bench.delete_record(family.scanner);
        for (std::uint16_t port = 4; port < 4 + max_ports; ++port)
            EXPECT_EQ(bench.run(syn(family, port)), recorded);
        EXPECT_EQ(bench.run(syn(family, 1)), threshold);
    }
}

TEST_P(Unblock, PortsOfTheRecordBeforeAreNotRead) {
    Workbench bench{small({.max_ports = 16})};
    for (std::uint16_t port = 1; port <= 7; ++port) bench.run(syn(family, port));
    bench.delete_record(family.scanner);
    for (std::uint16_t port = 21; port <= 23; ++port) bench.run(syn(family, port));
    const auto ports = [&] {
        return bench.registry.find(bench.source_named(family.scanner)).value().ports;
    };
    EXPECT_THAT(ports(), ElementsAre(21, 22, 23));
    EXPECT_EQ(bench.run(syn(family, 4)), recorded) << "and not known";
    EXPECT_THAT(ports(), ElementsAre(21, 22, 23, 4));
}

TEST_P(Unblock, PortsOfTheRecordBeforeAreNotInTheEvent) {
    Workbench bench{small({.max_ports = 5})};
    for (std::uint16_t port = 1; port <= 5; ++port) bench.run(syn(family, port));
    bench.delete_record(family.scanner);
    EventReader events{bench.detector.maps().events};
    for (std::uint16_t port = 21; port <= 26; ++port) bench.run(syn(family, port));
    const auto taken = events.take();
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_THAT(taken[0].ports, ElementsAre(21, 22, 23, 24, 25));
}

TEST_P(BlockByHand, DropsFromTheNextPacketOn) {
    Simulator simulator{small()};
    simulator.set_time(42);
    EXPECT_EQ(simulator.block(family.scanner), BlockOutcome::blocked);
    EXPECT_EQ(step(simulator, syn(family, 1)), blocked);
    EXPECT_EQ(step(simulator, tcp(family.scanner, family.host, 1, "A")), blocked);
    const auto source = simulator.source(family.scanner);
    EXPECT_TRUE(source->blocked);
    EXPECT_TRUE(source->manual);
    EXPECT_EQ(source->timestamp_ns, 42U);
    EXPECT_THAT(source->ports, IsEmpty());
    EXPECT_EQ(source->trigger_port, 0);
    EXPECT_EQ(source->ifindex, 0U);
}

TEST_P(BlockByHand, ReplacesARecord) {
    for (const unsigned max_ports : {3U, 16U}) {
        Simulator simulator{small({.max_ports = max_ports})};
        for (std::uint16_t port = 1; port <= max_ports; ++port) simulator.run(syn(family, port));
        EXPECT_EQ(simulator.block(family.scanner), BlockOutcome::blocked);
        EXPECT_THAT(simulator.source(family.scanner)->ports, IsEmpty());
        EXPECT_EQ(step(simulator, syn(family, 1)), blocked);
        simulator.unblock(family.scanner);
        for (std::uint16_t port = max_ports; port >= 1; --port)
            EXPECT_EQ(step(simulator, syn(family, port)), recorded);
    }
}

TEST_P(BlockByHand, LastsAsLongAsAnyOther) {
    Simulator simulator{small({.block_for = 30s})};
    simulator.block(family.scanner);
    simulator.set_time(29'999'999'999);
    EXPECT_EQ(step(simulator, syn(family, 1)), blocked);
    simulator.set_time(30'000'000'000);
    EXPECT_EQ(step(simulator, syn(family, 1)), recorded);
    EXPECT_FALSE(simulator.source(family.scanner)->manual);
}

TEST_P(BlockByHand, SaysThatASourceIsBlockedAlready) {
    Simulator simulator{small()};
    get_blocked(simulator, family.scanner, family.host);
    EXPECT_EQ(simulator.block(family.scanner), BlockOutcome::already_blocked);
    EXPECT_FALSE(simulator.source(family.scanner)->manual) << "and leaves the record";
}

TEST_P(BlockByHand, EmitsNoEventAndCountsAsNone) {
    Simulator simulator{small()};
    simulator.block(family.scanner);
    EXPECT_THAT(simulator.take_events(), IsEmpty());
    EXPECT_EQ(simulator.counters().find("blocks"), 0U);
}

TEST_P(BlockByHand, CountsForTheBound) {
    Simulator simulator{small({.max_ports = 1,
                               .max_sources = 16,
                               .max_sources6 = 16,
                               .max_blocked = 3,
                               .max_blocked6 = 3})};
    for (unsigned i = 1; i <= 2; ++i)
        EXPECT_EQ(simulator.block(numbered(family, i).to_string()), BlockOutcome::blocked);
    get_blocked(simulator, family.scanner, family.host);
    EXPECT_TRUE(simulator.source(family.scanner)->blocked) << "the third";
    EXPECT_EQ(simulator.block(family.bystander), BlockOutcome::bound_reached);
    EXPECT_FALSE(simulator.source(family.bystander));
    EXPECT_EQ(simulator.block(family.scanner), BlockOutcome::already_blocked);

    simulator.unblock(numbered(family, 1).to_string());
    EXPECT_EQ(simulator.block(family.bystander), BlockOutcome::blocked);
    get_blocked(simulator, numbered(family, 9), family.host);
    EXPECT_FALSE(simulator.source(numbered(family, 9).to_string())->blocked);
    EXPECT_EQ(simulator.counters().of(Reason::block_refused), 1U);
}

TEST_P(BlockByHand, BoundsOfTheFamiliesAreApart) {
    Simulator simulator{small({.max_sources = 2, .max_sources6 = 2})};
    const auto &other = families[family.ipv6 ? 0 : 1];
    EXPECT_EQ(simulator.block(family.scanner), BlockOutcome::blocked);
    EXPECT_EQ(simulator.block(family.bystander), BlockOutcome::bound_reached);
    EXPECT_EQ(simulator.block(other.scanner), BlockOutcome::blocked);
}

TEST(BlockOfAPrefix, MeansThePrefixOfAnIpv6Address) {
    Simulator simulator{small()};
    simulator.block("2001:db8::1");
    EXPECT_EQ(step(simulator, tcp("2001:db8::ffff", "fd00::9", 1, "S")), blocked);
    EXPECT_EQ(step(simulator, tcp("2001:db8:0:1::1", "fd00::9", 1, "S")), recorded);
    EXPECT_TRUE(simulator.unblock("2001:db8::2")) << "any address finds the prefix";
    EXPECT_EQ(step(simulator, tcp("2001:db8::1", "fd00::9", 1, "S")), recorded);
}

} // namespace
} // namespace portscan
