// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/small_simulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace test;
using testing::ElementsAre;

/// What a dry run makes of an outcome.
Outcome passed(Outcome outcome) {
    return {Verdict::pass, outcome.reason};
}

class DryRun : public BothFamilies {};
INSTANTIATE_TEST_SUITE_P(For, DryRun, testing::ValuesIn(families),
                         testing::PrintToStringParamName());

TEST_P(DryRun, DecidesTheSameAndPassesEverything) {
    Simulator wet{small()};
    Simulator dry{small({.dry_run = true})};
    for (int round = 0; round < 2; ++round)
        for (const char *flags : {"S", "A", "R", "-", "FPU"})
            for (const std::uint16_t port : {1, 2, 1, 3, 4, 5}) {
                const auto packet = tcp(family.scanner, family.host, port, flags);
                EXPECT_EQ(step(dry, packet), passed(step(wet, packet)));
            }
    EXPECT_EQ(dry.counters().find("xdp_drop"), 0U);
    EXPECT_EQ(dry.counters().find("would_drop"), wet.counters().find("xdp_drop"));
    EXPECT_EQ(wet.counters().find("would_drop"), 0U);
}

TEST_P(DryRun, RecordsAndReportsTheBlock) {
    Simulator simulator{small({.dry_run = true})};
    for (const std::uint16_t port : {1, 2, 3, 4}) simulator.run(syn(family, port));
    const auto source = simulator.source(family.scanner);
    EXPECT_TRUE(source->blocked);
    EXPECT_TRUE(source->dry_run);
    EXPECT_THAT(source->ports, ElementsAre(1, 2, 3));
    const auto events = simulator.take_events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_TRUE(events[0].dry_run);
    EXPECT_EQ(events[0].trigger_port, 4);
}

TEST_P(DryRun, EachPacketCountsAsPassed) {
    Simulator simulator{small({.dry_run = true})};
    for (const std::uint16_t port : {1, 2, 3, 4, 5, 6}) simulator.run(syn(family, port));
    simulator.run(syn(family, 7).data_offset(4));
    const auto counters = simulator.counters();
    EXPECT_EQ(counters.find("xdp_pass"), 6U);
    EXPECT_EQ(counters.find("xdp_aborted"), 1U) << "malformed";
    EXPECT_EQ(counters.find("would_drop"), 3U);
    EXPECT_EQ(counters.of(Reason::threshold), 1U);
    EXPECT_EQ(counters.of(Reason::blocked), 2U);
}

TEST_P(DryRun, PassesWhatIsRefusedAtABound) {
    Simulator simulator{small({.max_ports = 1,
                               .max_sources = 8,
                               .max_sources6 = 8,
                               .max_blocked = 1,
                               .max_blocked6 = 1,
                               .dry_run = true})};
    get_blocked(simulator, family.bystander, family.host);
    simulator.run(syn(family, 1));
    EXPECT_EQ(step(simulator, syn(family, 2)), passed(block_refused));
    EXPECT_EQ(simulator.counters().find("would_drop"), 2U);
}

TEST_P(DryRun, PassesEverythingInEveryScope) {
    for (const auto scope : {BlockScope::tcp, BlockScope::probes, BlockScope::all}) {
        Simulator simulator{small({.block_scope = scope, .dry_run = true})};
        get_blocked(simulator, family.scanner, family.host);
        for (const auto &packet :
             {syn(family, 1), tcp(family.scanner, family.host, 1, "A"),
              udp(family.scanner, family.host, 1), icmp(family.scanner, family.host)})
            EXPECT_EQ(simulator.run(packet), Verdict::pass);
    }
}

} // namespace
} // namespace portscan
