// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/feeder.h"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <initializer_list>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::SizeIs;

using Ports = std::initializer_list<std::uint16_t>;

TEST(ReplaySources, ProbesOfSourcesAddUpToTheProgramsOwnCount) {
    Feeder feeder{
        {.max_ports = 1, .ignore_ports = {{7, 7}}, .allow = {*Prefix::parse("10.0.0.2")}}};
    for (const char *source : {"10.0.0.1", "10.0.0.2", "2001:db8::1"}) {
        const char *const target = *source == '2' ? "2001:db8::9" : "10.0.0.9";
        for (const std::uint16_t port : Ports{7, 8, 9, 10}) {
            feeder.feed(tcp(source, target, port, "S").bytes(), epoch);
            feeder.feed(tcp(source, target, port, "A").bytes(), epoch);
        }
        feeder.feed(tcp(source, target, 8, "S").data_offset(4).bytes(), epoch);
        feeder.feed(udp(source, target, 8).bytes(), epoch);
    }
    const ReplayReport report = feeder.replay.report();
    std::uint64_t probes = 0, packets = 0, dropped = 0;
    for (const SourceReport &source : report.sources) {
        probes += source.probes;
        packets += source.packets;
        dropped += source.dropped;
    }
    EXPECT_EQ(probes, report.counters.find("probes"));
    EXPECT_EQ(probes, 12u);
    EXPECT_EQ(packets, report.packets);
    EXPECT_EQ(dropped, report.verdicts[static_cast<std::size_t>(Verdict::drop)]);
}

TEST(ReplaySources, EstablishedTrafficOfAnAllowlistedAddressInABlockedPrefixIsNoProbe) {
    Feeder feeder{{.allow = {*Prefix::parse("2001:db8::a")}}};
    for (const std::uint16_t port : Ports{1, 2, 3, 4}) {
        feeder.feed(tcp("2001:db8::1", "fd00::9", port, "S").bytes(), epoch);
    }
    for (const char *const flags : {"A", "S"}) {
        const auto outcome =
            feeder.feed(tcp("2001:db8::a", "fd00::9", 80, flags).bytes(), epoch + second);
        EXPECT_EQ(outcome.result.value().reason, Reason::allowlisted) << flags;
    }
    const SourceReport source = feeder.only_source();
    EXPECT_EQ(source.packets, 6u);
    EXPECT_EQ(source.probes, 5u);
    EXPECT_EQ(source.probes, feeder.replay.report().counters.find("probes"));
}

TEST(ReplaySources, SourceThatWasNeverRecordedHasNoState) {
    Feeder feeder{{.allow = {*Prefix::parse("10.0.0.0/8")}}};
    feeder.probe(1, epoch);
    EXPECT_EQ(feeder.only_source().state, std::nullopt);
}

TEST(ReplaySources, Ipv6SourceIsItsPrefix) {
    Feeder feeder{{.max_ports = 1}};
    feeder.feed(tcp("2001:db8::1", "2001:db8:9::9", 1, "S").bytes(), epoch);
    const auto outcome = feeder.feed(tcp("2001:db8::2", "2001:db8:9::9", 2, "S").bytes(), epoch);
    EXPECT_EQ(outcome.result.value().reason, Reason::threshold);
    const SourceReport source = feeder.only_source();
    EXPECT_EQ(source.address.to_string(), "2001:db8::/64");
    EXPECT_EQ(source.packets, 2u);
}

TEST(ReplaySources, UnblockingByActionShowsInTheReport) {
    Feeder feeder{{.max_ports = 1}};
    feeder.probe(1, epoch);
    feeder.probe(2, epoch + second);
    feeder.replay.advance_to(epoch + 2 * second);
    EXPECT_TRUE(feeder.replay.unblock("10.0.0.1"));
    const SourceReport source = feeder.only_source();
    EXPECT_EQ(source.state, SourceState::unblocked);
    EXPECT_FALSE(source.blocked);
    EXPECT_EQ(source.blocks.at(0).until_ns, epoch + 2 * second);
    EXPECT_EQ(feeder.probe(3, epoch + 3 * second), Verdict::pass);
}

TEST(ReplaySources, BlockByActionHasNoFrame) {
    Feeder feeder{{}};
    feeder.replay.advance_to(epoch);
    EXPECT_EQ(feeder.replay.block("10.0.0.1"), BlockOutcome::blocked);
    EXPECT_EQ(feeder.probe(1, epoch + 1), Verdict::drop);
    const SourceReport source = feeder.only_source();
    EXPECT_TRUE(source.blocked);
    EXPECT_THAT(source.blocks, ElementsAre(BlockReport{.at_ns = epoch, .frame = 0}));
}

TEST(ReplaySources, AllowingLiftsTheBlocksThatItCovers) {
    Feeder feeder{{.max_ports = 1}};
    for (const char *source : {"10.0.0.1", "10.0.1.1"}) {
        feeder.probe(1, epoch, source);
        feeder.probe(2, epoch, source);
    }
    feeder.replay.allow("10.0.0.0/24");
    EXPECT_EQ(feeder.probe(3, epoch, "10.0.0.1"), Verdict::pass);
    EXPECT_EQ(feeder.probe(3, epoch, "10.0.1.1"), Verdict::drop);
    const auto sources = feeder.replay.report().sources;
    ASSERT_THAT(sources, SizeIs(2));
    EXPECT_EQ(sources[0].state, SourceState::unblocked);
    EXPECT_EQ(sources[1].state, SourceState::active);
    EXPECT_TRUE(feeder.replay.disallow("10.0.0.0/24"));
}

TEST(ReplaySources, LimitOnReportedSourcesCountsTheRest) {
    Feeder feeder{{}, {.report_sources = 2}};
    for (const char *source : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) feeder.probe(1, epoch, source);
    const ReplayReport report = feeder.replay.report();
    EXPECT_THAT(report.sources, SizeIs(2));
    EXPECT_EQ(report.sources_omitted, 1u);
}

TEST(ReplaySources, PortsThatGotThroughAndThoseThatAnsweredAreCounted) {
    Feeder feeder{{.max_ports = 3}};
    const auto answer = [&](std::uint16_t port, const char *flags, bool whole = true) {
        Bytes bytes = tcp("10.0.0.9", "10.0.0.1", 40'000, flags).source_port(port).bytes();
        const std::uint64_t length = bytes.size();
        if (!whole) bytes.resize(14 + 20 + 14); // the ports and flags of it
        feeder.feed(bytes, epoch, length);
    };
    for (const std::uint16_t port : Ports{22, 80, 443, 80, 8080}) feeder.probe(port, epoch);
    answer(22, "SA");
    answer(80, "RA");
    feeder.selected = false;
    answer(443, "SA", false);
    answer(8080, "SA");
    feeder.selected = true;
    feeder.feed(tcp("10.0.0.1", "10.0.0.9", 22, "A").bytes(), epoch);

    auto sources = feeder.replay.report().sources;
    ASSERT_THAT(sources, SizeIs(1)) << "who only answers is no source";
    EXPECT_EQ(sources[0].reach.passed, 3);
    EXPECT_EQ(sources[0].reach.answered, 2);
    EXPECT_EQ(sources[0].reach.probed, 4);
    EXPECT_EQ(sources[0].reach.probed_answered, 3);
    EXPECT_EQ(sources[0].reach.probed_completed, 1);
    feeder.replay.begin_capture();
    feeder.probe(9, epoch);
    EXPECT_EQ(feeder.replay.report().sources.at(0).reach.passed, 0) << "of this capture";
}

TEST(ReplaySources, SourceThatWasAnsweredBeforeItSentIsFirstSeenWhenItSends) {
    Feeder feeder{{}};
    feeder.feed(tcp("10.0.0.9", "10.0.0.1", 40'000, "SA").source_port(22).bytes(), epoch);
    feeder.probe(22, epoch + second);
    const SourceReport source = feeder.only_source();
    EXPECT_EQ(source.first_seen_ns, epoch + second);
    EXPECT_EQ(source.reach.answered, 1);
}

} // namespace
} // namespace portscan
