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
using ::testing::Pair;
using ::testing::SizeIs;

using Ports = std::initializer_list<std::uint16_t>;

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

TEST(Replay, WallClockRunsTheProgramAsLoaded) {
    Feeder feeder{{.max_ports = 1, .window = 1h}, {.clock = Clock::wall}};
    feeder.probe(1, epoch);
    EXPECT_EQ(feeder.probe(2, epoch + 7200 * second), Verdict::drop); // no window in captured time
    const SourceReport source = feeder.only_source();
    EXPECT_TRUE(source.blocked);
    EXPECT_EQ(source.blocks.at(0).at_ns, epoch + 7200 * second);
}

} // namespace
} // namespace portscan
