// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/host_replay.h"

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
constexpr std::uint64_t epoch = 1'700'000'000 * second;

class HostReplayTest : public ::testing::Test {
  protected:
    HostReplay make(const char *hosts, DetectorOptions options = {}, ReplayOptions replay = {},
                    std::size_t limit = HostReplay::most_hosts) {
        options.max_sources = options.max_sources6 = 256;
        const auto load = [this, options] {
            ++loaded;
            return std::make_unique<Simulator>(options);
        };
        return {HostList::parse(hosts), load(), load, replay, limit};
    }
    FrameOutcome feed(HostReplay &replay, const Bytes &bytes, bool selected = true) {
        return replay.feed({.number = ++number,
                            .time_ns = epoch + number * second,
                            .wire_length = bytes.size(),
                            .bytes = bytes,
                            .outgoing = outgoing,
                            .selected = selected});
    }
    FrameOutcome syn(HostReplay &replay, const Host &to, std::uint16_t port,
                     const Host &from = "10.0.0.1") {
        return feed(replay, tcp(from, to, port, "S").bytes());
    }

    unsigned loaded = 0;
    std::uint64_t number = 0;
    bool outgoing = false;
};

const SourceReport &source_at(const ReplayReport &report, const char *host) {
    for (const SourceReport &source : report.sources)
        if (source.host == Address::parse(host)) return source;
    throw std::out_of_range{host};
}

TEST_F(HostReplayTest, EachHostHasARegistryOfItsOwn) {
    HostReplay replay = make("10.0.0.8/31");
    for (const std::uint16_t port : Ports{1, 2, 3}) {
        EXPECT_EQ(syn(replay, "10.0.0.8", port).result->reason, Reason::recorded);
        EXPECT_EQ(syn(replay, "10.0.0.9", static_cast<std::uint16_t>(port + 10)).result->reason,
                  Reason::recorded);
    }
    EXPECT_EQ(syn(replay, "10.0.0.9", 4).result->reason, Reason::threshold);
    EXPECT_EQ(syn(replay, "10.0.0.8", 1).result->verdict, Verdict::pass) << "of the other host";

    const ReplayReport report = replay.report();
    ASSERT_THAT(report.sources, SizeIs(2));
    EXPECT_EQ(report.sources[0].host, Address::parse("10.0.0.9")) << "blocked ones first";
    EXPECT_THAT(source_at(report, "10.0.0.9").ports, ElementsAre(11, 12, 13));
    EXPECT_EQ(source_at(report, "10.0.0.9").blocks.at(0).frame, 7);
    EXPECT_THAT(source_at(report, "10.0.0.8").ports, ElementsAre(1, 2, 3));
    EXPECT_TRUE(source_at(report, "10.0.0.8").blocks.empty());
    EXPECT_EQ(report.hosts->replayed, 2);
    EXPECT_EQ(report.counters.find("blocks"), 1);
    EXPECT_EQ(report.counters.find("registry_size"), 2);
    EXPECT_EQ(report.verdicts.at(static_cast<std::size_t>(Verdict::pass)), 7);
    EXPECT_GT(report.latency.max, 0);
}

TEST_F(HostReplayTest, RegistriesAreMadeWithTheFirstPacketOfAHost) {
    HostReplay replay = make("10.0.0.0/8");
    EXPECT_EQ(loaded, 1) << "the first one, before anything was read";
    syn(replay, "10.0.0.8", 1);
    EXPECT_EQ(loaded, 1);
    syn(replay, "10.0.0.9", 1);
    syn(replay, "10.0.0.9", 2);
    EXPECT_EQ(loaded, 2);
    replay.start_over();
    EXPECT_EQ(syn(replay, "10.7.7.7", 1).result->reason, Reason::recorded);
    EXPECT_EQ(loaded, 2) << "those of the capture before serve again";
    for (const std::uint16_t port : Ports{2, 3}) syn(replay, "10.7.7.7", port);
    EXPECT_EQ(syn(replay, "10.7.7.7", 4).result->reason, Reason::threshold);
    EXPECT_EQ(replay.report().hosts->replayed, 1);
}

TEST_F(HostReplayTest, WhatNoHostReceivesIsNotSelected) {
    HostReplay replay = make("10.0.0.9");
    EXPECT_FALSE(syn(replay, "10.0.0.8", 1).result) << "another host";
    EXPECT_FALSE(syn(replay, "10.0.0.1", 1, "10.0.0.9").result) << "sent by it";
    EXPECT_FALSE(feed(replay, Bytes(60)).result) << "not IP";
    EXPECT_FALSE(feed(replay, Bytes(13)).skip) << "for nobody";
    EXPECT_FALSE(feed(replay, tcp("10.0.0.1", "10.0.0.9", 1, "S").bytes(), false).result);
    EXPECT_TRUE(feed(replay, tcp("10.0.0.1", "10.0.0.9", 1, "S").vlan(5).vlan(6).bytes()).result);
    outgoing = true;
    EXPECT_EQ(syn(replay, "10.0.0.9", 2).skip, Skip::outgoing);

    const ReplayReport report = replay.report();
    EXPECT_EQ(report.packets, 7);
    EXPECT_EQ(report.not_selected, 5);
    EXPECT_THAT(report.skipped, ElementsAre(Pair("outgoing", 1)));
    EXPECT_EQ(report.verdicts.at(static_cast<std::size_t>(Verdict::pass)), 1);
}

TEST_F(HostReplayTest, AnswersOfTheHostCountAlthoughTheyAreLeftOut) {
    HostReplay replay = make("10.0.0.9");
    for (const std::uint16_t port : Ports{22, 80, 443, 8080}) {
        syn(replay, "10.0.0.9", port);
        if (port == 443) continue; // is closed
        outgoing = port == 80;
        feed(replay, tcp("10.0.0.9", "10.0.0.1", 50'000, "SA").source_port(port).bytes());
        outgoing = false;
        feed(replay, tcp("10.0.0.1", "10.0.0.9", port, "A").bytes());
    }
    const SourceReport source = replay.report().sources.at(0);
    EXPECT_EQ(
        source.reach,
        (PortTally{
            .probed = 4, .probed_answered = 3, .probed_completed = 3, .passed = 3, .answered = 2}));
    EXPECT_TRUE(likely_honest(source.reach));
}

/// A capture may begin in the middle of a handshake.
TEST_F(HostReplayTest, AnswersBeforeTheFirstPacketOfAHostCount) {
    HostReplay replay = make("10.0.0.9");
    feed(replay, tcp("10.0.0.9", "10.0.0.1", 50'000, "SA").source_port(22).bytes());
    feed(replay, tcp("10.0.0.8", "10.0.0.1", 50'000, "SA").source_port(80).bytes());
    syn(replay, "10.0.0.9", 22);
    syn(replay, "10.0.0.9", 80);
    const ReplayReport report = replay.report();
    EXPECT_EQ(report.sources.at(0).reach.answered, 1) << "port 80 is that of another host";
    EXPECT_EQ(report.hosts->replayed, 1);
    EXPECT_EQ(report.packets, 4);
    EXPECT_EQ(report.not_selected, 2);
}

TEST_F(HostReplayTest, HostsBeyondTheMostAreLeftOutAndCounted) {
    HostReplay replay = make("10.0.0.0/8", {}, {}, 2);
    for (const char *const host : {"10.0.0.7", "10.0.0.8", "10.0.0.9", "10.0.0.10"})
        syn(replay, host, 1);
    EXPECT_TRUE(syn(replay, "10.0.0.7", 2).result);
    const ReplayReport report = replay.report();
    EXPECT_EQ(report.hosts->replayed, 2);
    EXPECT_EQ(report.hosts->left_out_packets, 2);
    EXPECT_EQ(report.not_selected, 2);
}

TEST_F(HostReplayTest, TimeOfTheCaptureIsThatOfEveryHost) {
    HostReplay replay = make("10.0.0.8/31", {.block_for = 10s});
    for (const std::uint16_t port : Ports{1, 2, 3, 4}) syn(replay, "10.0.0.8", port);
    EXPECT_TRUE(replay.report().sources.at(0).blocked);
    number += 60;
    syn(replay, "10.0.0.9", 1);
    EXPECT_FALSE(source_at(replay.report(), "10.0.0.8").blocked) << "its time is over";
}

TEST_F(HostReplayTest, StateGoesOnThroughCaptures) {
    HostReplay replay = make("10.0.0.9");
    for (const std::uint16_t port : Ports{1, 2, 3}) syn(replay, "10.0.0.9", port);
    replay.begin_capture();
    EXPECT_EQ(syn(replay, "10.0.0.9", 4).result->reason, Reason::threshold);
    EXPECT_EQ(replay.report().packets, 1);
}

TEST_F(HostReplayTest, SourcesThatWereNeverBlockedAreLimitedTogether) {
    HostReplay replay = make("10.0.0.8/31", {}, {.report_sources = 3});
    for (const char *const source : {"10.1.0.1", "10.1.0.2", "10.1.0.3"})
        for (const char *const host : {"10.0.0.8", "10.0.0.9"}) syn(replay, host, 1, source);
    for (const std::uint16_t port : Ports{1, 2, 3, 4}) syn(replay, "10.0.0.9", port, "10.1.0.9");
    const ReplayReport report = replay.report();
    EXPECT_THAT(report.sources, SizeIs(4));
    EXPECT_EQ(report.sources[0].address.to_string(), "10.1.0.9");
    EXPECT_EQ(report.sources_omitted, 3);
}

} // namespace
} // namespace portscan
