// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/replay.h"

#include "sim/packet.h"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <initializer_list>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

using Ports = std::initializer_list<std::uint16_t>;

constexpr std::uint64_t second = 1'000'000'000;

/// A time of our day, as captures have it.
constexpr std::uint64_t epoch = 1'700'000'000 * second;

/// Feeds packets as the records of a capture.
class Feeder {
  public:
    explicit Feeder(const DetectorOptions &options, ReplayOptions replay_options = {}) :
        simulator(options, {.object_path = {}, .clock = replay_options.clock}),
        replay(simulator, replay_options) {}

    FrameOutcome feed(const Bytes &bytes, std::uint64_t time_ns, std::uint64_t wire_length = 0) {
        CapturedFrame frame;
        frame.number = ++number_;
        frame.time_ns = time_ns;
        frame.wire_length = wire_length == 0 ? bytes.size() : wire_length;
        frame.bytes = bytes;
        frame.selected = selected;
        return replay.feed(frame);
    }
    /// A SYN from the scanner; the verdict.
    Verdict probe(std::uint16_t port, std::uint64_t time_ns, const char *source = "10.0.0.1") {
        return feed(tcp(source, "10.0.0.9", port, "S").bytes(), time_ns).result.value().verdict;
    }
    SourceReport only_source() {
        auto sources = replay.report().sources;
        EXPECT_THAT(sources, SizeIs(1));
        return sources.at(0);
    }

    Simulator simulator;
    Replay replay;
    bool selected = true;

  private:
    std::uint64_t number_ = 0;
};

TEST(Replay, ReportsTheBlockAtItsFrameAndTime) {
    Feeder feeder{{.max_ports = 3, .block_for = 1h}};
    for (const std::uint16_t port : Ports{443, 143, 3306}) feeder.probe(port, epoch + port);
    EXPECT_EQ(feeder.probe(80, epoch + second), Verdict::drop);
    EXPECT_EQ(feeder.probe(81, epoch + 2 * second), Verdict::drop);

    const SourceReport source = feeder.only_source();
    EXPECT_EQ(source.address.to_string(), "10.0.0.1");
    EXPECT_EQ(source.state, SourceState::active);
    EXPECT_TRUE(source.blocked);
    EXPECT_THAT(source.ports, ElementsAre(443, 143, 3306));
    EXPECT_EQ(source.probes, 5u);
    EXPECT_EQ(source.packets, 5u);
    EXPECT_EQ(source.dropped, 2u);
    EXPECT_EQ(source.first_seen_ns, epoch + 443);
    EXPECT_THAT(source.blocks, ElementsAre(BlockReport{.at_ns = epoch + second,
                                                       .frame = 4,
                                                       .trigger_port = 80,
                                                       .until_ns = epoch + 3601 * second}));
}

TEST(Replay, PacketsAreVerdictsPlusSkippedPlusNotSelected) {
    Feeder feeder{{}};
    feeder.probe(1, epoch);
    feeder.feed(Bytes(13), epoch);
    feeder.feed(Bytes(80'000), epoch);
    Bytes cut = tcp("10.0.0.1", "10.0.0.9", 2, "S").bytes();
    cut.resize(40);
    feeder.feed(cut, epoch, 54);
    feeder.selected = false;
    EXPECT_FALSE(feeder.feed(tcp("10.0.0.1", "10.0.0.9", 2, "S").bytes(), epoch).result);

    const ReplayReport report = feeder.replay.report();
    EXPECT_EQ(report.packets, 5u);
    EXPECT_EQ(report.verdicts[static_cast<std::size_t>(Verdict::pass)], 1u);
    EXPECT_THAT(report.skipped,
                ElementsAre(Pair("too_long", 1), Pair("too_short", 1), Pair("undecidable", 1)));
    EXPECT_EQ(report.not_selected, 1u);
    EXPECT_GT(report.latency.max, 0u);
    EXPECT_LE(report.latency.p50, report.latency.max);
}

TEST(Replay, FloorIsThatOfTheSameFrames) {
    Feeder feeder{{}, {.floor = true}};
    for (std::uint64_t i = 0; i < 1'500; ++i) feeder.probe(80, epoch + i);
    feeder.feed(Bytes(13), epoch);
    const LatencyReport latency = feeder.replay.report().latency;
    EXPECT_EQ(latency.empty_packets, 1'024u + 7u) << "then each 64th: 1088, 1152, ... 1472";
    EXPECT_GT(latency.empty.p50, 0u);
    EXPECT_LE(latency.empty.p50, latency.p50);
    std::uint64_t packets = 0;
    for (const LatencyBar &bar : latency.histogram) packets += bar.count;
    EXPECT_EQ(packets, 1'500u);
    feeder.replay.begin_capture();
    feeder.probe(80, epoch + second);
    EXPECT_EQ(feeder.replay.report().latency.empty_packets, 1u);
}

TEST(Replay, ChangesOfStateAreInTheOutcome) {
    Feeder feeder{{.max_ports = 1, .block_for = 10s, .max_sources = 8, .max_blocked = 4}};
    const auto probe = [&](std::uint16_t port, std::uint64_t at, const std::string &source) {
        return feeder.feed(tcp(Host{source}, "10.0.0.9", port, "S").bytes(), at);
    };
    EXPECT_EQ(probe(1, epoch, "10.0.0.1").block, nullptr);
    const FrameOutcome blocked = probe(2, epoch, "10.0.0.1");
    ASSERT_NE(blocked.block, nullptr);
    EXPECT_EQ(blocked.block->trigger_port, 2);
    EXPECT_THAT(blocked.block->ports, ElementsAre(1));
    EXPECT_EQ(blocked.blocked_until, epoch + 10 * second);
    EXPECT_FALSE(blocked.pass);
    bool evicted = false;
    for (int i = 0; i < 5; ++i)
        evicted |= probe(1, epoch, "10.1.0." + std::to_string(i)).result->evicted;
    EXPECT_TRUE(evicted) << "four places for sources that are not blocked";
    EXPECT_TRUE(probe(7, epoch + 10 * second, "10.0.0.1").block_over);
    EXPECT_FALSE(probe(7, epoch + 11 * second, "10.0.0.1").block_over);
}

TEST(Replay, CutPayloadDoesNotChangeTheVerdict) {
    Feeder feeder{{.max_ports = 1}};
    Bytes bytes = tcp("10.0.0.1", "10.0.0.9", 1, "S").payload_size(500).bytes();
    const std::uint64_t length = bytes.size();
    bytes.resize(14 + 20 + 14); // up to the flags
    EXPECT_EQ(feeder.feed(bytes, epoch, length).result.value().reason, Reason::recorded);
    bytes.resize(14 + 20 + 13);
    EXPECT_EQ(feeder.feed(bytes, epoch, length).skip, Skip::undecidable);
}

TEST(Replay, TimeThatRunsBackwardsIsHeldAndCounted) {
    Feeder feeder{{.max_ports = 1, .window = 10s}};
    feeder.probe(1, epoch + 5 * second);
    const FrameOutcome earlier = feeder.feed(tcp("10.0.0.1", "10.0.0.9", 1, "S").bytes(), epoch);
    EXPECT_EQ(earlier.time_ns, epoch + 5 * second);
    EXPECT_EQ(feeder.probe(2, epoch + 15 * second - 1), Verdict::drop);
    EXPECT_EQ(feeder.replay.report().time_held, 1u);
}

TEST(Replay, WindowIsExactInCaptureTime) {
    Feeder feeder{{.max_ports = 1, .window = 60s}};
    feeder.probe(1, epoch);
    EXPECT_EQ(feeder.probe(2, epoch + 60 * second), Verdict::pass);
    EXPECT_THAT(feeder.only_source().ports, ElementsAre(2));
    EXPECT_EQ(feeder.probe(3, epoch + 120 * second - 1), Verdict::drop);
}

TEST(Replay, ProbesOfSourcesAddUpToTheProgramsOwnCount) {
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

TEST(Replay, EstablishedTrafficOfAnAllowlistedAddressInABlockedPrefixIsNoProbe) {
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

TEST(Replay, SourceThatWasNeverRecordedHasNoState) {
    Feeder feeder{{.allow = {*Prefix::parse("10.0.0.0/8")}}};
    feeder.probe(1, epoch);
    EXPECT_EQ(feeder.only_source().state, std::nullopt);
}

TEST(Replay, Ipv6SourceIsItsPrefix) {
    Feeder feeder{{.max_ports = 1}};
    feeder.feed(tcp("2001:db8::1", "2001:db8:9::9", 1, "S").bytes(), epoch);
    const auto outcome = feeder.feed(tcp("2001:db8::2", "2001:db8:9::9", 2, "S").bytes(), epoch);
    EXPECT_EQ(outcome.result.value().reason, Reason::threshold);
    const SourceReport source = feeder.only_source();
    EXPECT_EQ(source.address.to_string(), "2001:db8::/64");
    EXPECT_EQ(source.packets, 2u);
}

TEST(Replay, UnblockingByActionShowsInTheReport) {
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

TEST(Replay, BlockByActionHasNoFrame) {
    Feeder feeder{{}};
    feeder.replay.advance_to(epoch);
    EXPECT_EQ(feeder.replay.block("10.0.0.1"), BlockOutcome::blocked);
    EXPECT_EQ(feeder.probe(1, epoch + 1), Verdict::drop);
    const SourceReport source = feeder.only_source();
    EXPECT_TRUE(source.blocked);
    EXPECT_THAT(source.blocks, ElementsAre(BlockReport{.at_ns = epoch, .frame = 0}));
}

TEST(Replay, AllowingLiftsTheBlocksThatItCovers) {
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

TEST(Replay, DryRunBlocksNobodyAndSaysWhomItWould) {
    Feeder feeder{{.max_ports = 1, .dry_run = true}};
    feeder.probe(1, epoch);
    EXPECT_EQ(feeder.probe(2, epoch), Verdict::pass);
    const SourceReport source = feeder.only_source();
    EXPECT_FALSE(source.blocked);
    EXPECT_EQ(source.dropped, 0u);
    EXPECT_THAT(source.blocks, SizeIs(1));
}

TEST(Replay, ExpiryPassAtTheEndTellsTheSizeOfTheRegistry) {
    Feeder feeder{{.window = 10s}};
    feeder.probe(1, epoch, "10.0.0.1");
    feeder.probe(1, epoch + 25 * second, "10.0.0.2");
    const ReplayReport report = feeder.replay.report();
    EXPECT_EQ(report.counters.find("registry_size"), 1u);
    EXPECT_EQ(report.sources.at(0).state, SourceState::expired);
    EXPECT_EQ(report.sources.at(1).state, SourceState::active);
}

TEST(Replay, ExpirerMakesRoomInCapturedTime) {
    // Two unblocked records fit; the second pair comes when the first has been expired.
    const DetectorOptions options{.window = 10s, .max_sources = 4, .expire_interval = 1s};
    Feeder feeder{options};
    for (std::uint32_t i = 0; i < 6; ++i) {
        const std::string source = "10.0.0." + std::to_string(i + 1);
        feeder.probe(1, epoch + i / 2 * 30 * second, source.c_str());
    }
    EXPECT_EQ(feeder.replay.report().counters.find("evictions"), 0u);

    Feeder crowded{options};
    for (std::uint32_t i = 0; i < 4; ++i) {
        const std::string source = "10.0.0." + std::to_string(i + 1);
        crowded.probe(1, epoch + i / 2 * 15 * second, source.c_str());
    }
    const ReplayReport report = crowded.replay.report();
    EXPECT_GT(report.counters.find("evictions").value_or(0), 0u);
    EXPECT_EQ(report.sources.at(0).state, SourceState::evicted);
}

TEST(Replay, ExpiredBlocksMakeRoomForOthers) {
    Feeder feeder{{.max_ports = 1,
                   .block_for = 10s,
                   .max_sources = 4,
                   .max_blocked = 1,
                   .expire_interval = 1s}};
    feeder.probe(1, epoch, "10.0.0.1");
    feeder.probe(2, epoch, "10.0.0.1");
    feeder.probe(1, epoch + second, "10.0.0.2");
    const auto refused = tcp("10.0.0.2", "10.0.0.9", 2, "S").bytes();
    EXPECT_EQ(feeder.feed(refused, epoch + 2 * second).result.value().reason,
              Reason::block_refused);
    EXPECT_EQ(feeder.feed(refused, epoch + 11 * second).result.value().reason, Reason::threshold);
}

TEST(Replay, DayReplaysInTheTimeThatItsPacketsTake) {
    Feeder feeder{{}};
    const auto start = std::chrono::steady_clock::now();
    for (std::uint32_t minute = 0; minute < 24 * 60; ++minute) {
        const std::string source =
            "10.1." + std::to_string(minute / 250) + "." + std::to_string(minute % 250);
        feeder.probe(1, epoch + minute * 60 * second, source.c_str());
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    EXPECT_EQ(feeder.replay.report().sources.at(0).state, SourceState::expired);
}

TEST(Replay, AnotherCaptureGoesOnWithTheState) {
    Feeder feeder{{.max_ports = 1}};
    feeder.probe(1, epoch);
    feeder.probe(2, epoch);
    EXPECT_EQ(feeder.replay.report().packets, 2u);
    feeder.replay.begin_capture();
    EXPECT_EQ(feeder.probe(3, epoch - second), Verdict::drop);
    const ReplayReport report = feeder.replay.report();
    EXPECT_EQ(report.packets, 1u);
    EXPECT_EQ(report.verdicts[static_cast<std::size_t>(Verdict::drop)], 1u);
    EXPECT_EQ(report.time_held, 1u);
    EXPECT_EQ(report.counters.find("blocks"), 0u);
    EXPECT_EQ(report.counters.find("registry_size"), 1u);
    EXPECT_EQ(report.sources.at(0).dropped, 1u);
    EXPECT_TRUE(report.sources.at(0).blocked);
    EXPECT_EQ(report.sources.at(0).blocks.at(0).frame, 0u);
}

TEST(Replay, LimitOnReportedSourcesCountsTheRest) {
    Feeder feeder{{}, {.report_sources = 2}};
    for (const char *source : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) feeder.probe(1, epoch, source);
    const ReplayReport report = feeder.replay.report();
    EXPECT_THAT(report.sources, SizeIs(2));
    EXPECT_EQ(report.sources_omitted, 1u);
}

TEST(Replay, WallClockRunsTheProgramAsLoaded) {
    Feeder feeder{{.max_ports = 1, .window = 1h}, {.clock = Clock::wall}};
    feeder.probe(1, epoch);
    EXPECT_EQ(feeder.probe(2, epoch + 7200 * second), Verdict::drop); // no window in captured time
    const SourceReport source = feeder.only_source();
    EXPECT_TRUE(source.blocked);
    EXPECT_EQ(source.blocks.at(0).at_ns, epoch + 7200 * second);
}

TEST(Replay, PortsThatGotThroughAndThoseThatAnsweredAreCounted) {
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

TEST(Replay, SourceThatWasAnsweredBeforeItSentIsFirstSeenWhenItSends) {
    Feeder feeder{{}};
    feeder.feed(tcp("10.0.0.9", "10.0.0.1", 40'000, "SA").source_port(22).bytes(), epoch);
    feeder.probe(22, epoch + second);
    const SourceReport source = feeder.only_source();
    EXPECT_EQ(source.first_seen_ns, epoch + second);
    EXPECT_EQ(source.reach.answered, 1);
}

} // namespace
} // namespace portscan
