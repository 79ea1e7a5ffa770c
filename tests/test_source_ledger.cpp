// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/source_ledger.h"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t second = 1'000'000'000;

Prefix prefix(const char *text) {
    return Prefix::parse(text).value();
}

/// A registry without records, at that time.
RegistryView nothing_at(std::uint64_t now_ns, bool evictions = false) {
    return {.now_ns = now_ns, .records = {}, .evictions = evictions};
}

RegistryView showing(const SourceRecord &record, std::uint64_t now_ns) {
    return {.now_ns = now_ns, .records = {record}, .evictions = false};
}

class SourceLedgerTest : public ::testing::Test {
  protected:
    /// A source that recorded these ports at one second.
    SourceLedger::Index recorded(std::initializer_list<std::uint16_t> ports) {
        const auto source = ledger_.entry(prefix("10.0.0.1"), second);
        bool opens = true;
        for (const std::uint16_t port : ports) {
            ledger_.packet(source, true, false);
            ledger_.recorded(source, port, std::exchange(opens, false), second);
        }
        return source;
    }
    SourceReport only(const RegistryView &registry) {
        auto sources = ledger_.summarize(registry, 10).sources;
        EXPECT_EQ(sources.size(), 1u);
        return sources.at(0);
    }

    SourceLedger ledger_{{.max_ports = 3, .window = 60s, .block_for = 300s}};
};

TEST_F(SourceLedgerTest, SameSourceHasOneEntry) {
    const auto a = ledger_.entry(prefix("10.0.0.1"), 5);
    EXPECT_EQ(ledger_.entry(prefix("10.0.0.1"), 9), a);
    EXPECT_NE(ledger_.entry(prefix("::10.0.0.1"), 9), a);
    EXPECT_NE(ledger_.entry(prefix("10.0.0.2"), 9), a);
    EXPECT_EQ(ledger_.size(), 3u);
    EXPECT_EQ(ledger_.find(prefix("10.0.0.3")), std::nullopt);
}

TEST_F(SourceLedgerTest, FindsEachOfManySources) {
    const auto source = [](std::uint32_t i) {
        const std::uint8_t bytes[4] = {10, static_cast<std::uint8_t>(i >> 16),
                                       static_cast<std::uint8_t>(i >> 8),
                                       static_cast<std::uint8_t>(i)};
        return Prefix::host(Address::ipv4(bytes));
    };
    for (std::uint32_t i = 0; i < 100'000; ++i) ASSERT_EQ(ledger_.entry(source(i), 1), i);
    for (std::uint32_t i = 0; i < 100'000; ++i) ASSERT_EQ(ledger_.find(source(i)), i);
}

TEST_F(SourceLedgerTest, CountsPacketsProbesAndDrops) {
    const auto source = ledger_.entry(prefix("10.0.0.1"), 7);
    ledger_.packet(source, true, false);
    ledger_.packet(source, false, false);
    ledger_.packet(source, true, true);
    const SourceReport report = only(nothing_at(8));
    EXPECT_EQ(report.packets, 3u);
    EXPECT_EQ(report.probes, 2u);
    EXPECT_EQ(report.dropped, 1u);
    EXPECT_EQ(report.first_seen_ns, 7u);
    EXPECT_EQ(report.state, std::nullopt);
}

TEST_F(SourceLedgerTest, PortsAreThoseOfTheLatestRecord) {
    const auto source = recorded({22, 80});
    EXPECT_THAT(only(nothing_at(second)).ports, ElementsAre(22, 80));
    ledger_.recorded(source, 443, true, 90 * second);
    EXPECT_THAT(only(nothing_at(90 * second)).ports, ElementsAre(443));
}

TEST_F(SourceLedgerTest, PortsOfABlockOutliveLaterRecords) {
    const auto source = recorded({22, 80, 443});
    const BlockReport block{.at_ns = 2 * second, .frame = 4, .trigger_port = 25};
    ledger_.blocked(source, block, std::vector<std::uint16_t>{22, 80, 443}, 2 * second);
    ledger_.recorded(source, 8080, true, 400 * second);
    const SourceReport report = only(nothing_at(400 * second));
    EXPECT_THAT(report.ports, ElementsAre(22, 80, 443));
    EXPECT_THAT(report.blocks, ElementsAre(block));
}

TEST_F(SourceLedgerTest, BlocksOfASourceComeOldestFirst) {
    const auto one = recorded({22});
    const auto other = ledger_.entry(prefix("10.0.0.2"), second);
    ledger_.blocked(one, {.at_ns = 1, .frame = 1}, {}, 1);
    ledger_.blocked(other, {.at_ns = 2, .frame = 2}, {}, 2);
    ledger_.blocked(one, {.at_ns = 3, .frame = 3}, {}, 3);
    const auto sources = ledger_.summarize(nothing_at(4), 0).sources;
    ASSERT_EQ(sources.size(), 2u);
    ASSERT_EQ(sources[0].blocks.size(), 2u);
    EXPECT_EQ(sources[0].blocks[0].frame, 1u);
    EXPECT_EQ(sources[0].blocks[1].frame, 3u);
    EXPECT_EQ(sources[1].blocks.size(), 1u);
}

TEST_F(SourceLedgerTest, RecordIsExpiredFromTheWindowOn) {
    recorded({22});
    const SourceRecord record{.source = prefix("10.0.0.1"), .ports = {}, .timestamp_ns = second};
    EXPECT_EQ(only(showing(record, 61 * second - 1)).state, SourceState::active);
    EXPECT_EQ(only(showing(record, 61 * second)).state, SourceState::expired);
}

TEST_F(SourceLedgerTest, BlockIsInForceForItsDuration) {
    const auto source = recorded({22});
    ledger_.blocked(source, {.at_ns = second, .frame = 1}, {}, second);
    SourceRecord record{
        .source = prefix("10.0.0.1"), .blocked = true, .ports = {}, .timestamp_ns = second};
    const SourceReport before = only(showing(record, 301 * second - 1));
    EXPECT_EQ(before.state, SourceState::active);
    EXPECT_TRUE(before.blocked);
    const SourceReport after = only(showing(record, 301 * second));
    EXPECT_EQ(after.state, SourceState::expired);
    EXPECT_FALSE(after.blocked);

    record.dry_run = true;
    EXPECT_FALSE(only(showing(record, 2 * second)).blocked);
}

TEST_F(SourceLedgerTest, RecordThatIsGoneIsExpiredUnlessTheProgramEvicted) {
    recorded({22});
    EXPECT_EQ(only(nothing_at(2 * second)).state, SourceState::expired);
    EXPECT_EQ(only(nothing_at(2 * second, true)).state, SourceState::evicted);
    EXPECT_EQ(only(nothing_at(121 * second, true)).state, SourceState::expired);
}

TEST_F(SourceLedgerTest, UnblockingEndsTheBlockUntilTheNextRecord) {
    const auto source = recorded({22});
    ledger_.blocked(source, {.at_ns = second, .frame = 1, .until_ns = 301 * second}, {}, second);
    EXPECT_THAT(ledger_.blocked_within(prefix("10.0.0.0/8"), 2 * second),
                ElementsAre(prefix("10.0.0.1")));
    EXPECT_THAT(ledger_.blocked_within(prefix("11.0.0.0/8"), 2 * second), IsEmpty());
    ledger_.unblocked(source, 4 * second);
    EXPECT_THAT(ledger_.blocked_within(prefix("10.0.0.0/8"), 5 * second), IsEmpty());
    const SourceReport report = only(nothing_at(5 * second));
    EXPECT_EQ(report.state, SourceState::unblocked);
    EXPECT_EQ(report.blocks.at(0).until_ns, 4 * second);

    ledger_.recorded(source, 80, true, 6 * second);
    EXPECT_EQ(only(nothing_at(7 * second)).state, SourceState::expired);
}

TEST_F(SourceLedgerTest, LimitHoldsForSourcesThatWereNeverBlocked) {
    for (const char *text : {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"}) {
        ledger_.packet(ledger_.entry(prefix(text), 1), true, false);
    }
    ledger_.blocked(*ledger_.find(prefix("10.0.0.3")), {.at_ns = 1, .frame = 1}, {}, 1);
    const auto summary = ledger_.summarize(nothing_at(2), 2);
    std::vector<std::string> shown;
    for (const SourceReport &source : summary.sources) shown.push_back(source.address.to_string());
    EXPECT_THAT(shown, ElementsAre("10.0.0.3", "10.0.0.1", "10.0.0.2"));
    EXPECT_EQ(summary.omitted, 1u);
}

TEST_F(SourceLedgerTest, PeersThatOnlyAnswerAreNotReported) {
    ledger_.packet(ledger_.entry(prefix("10.0.0.1"), 1), false, false);
    const auto summary = ledger_.summarize(nothing_at(2), 10);
    EXPECT_THAT(summary.sources, IsEmpty());
    EXPECT_EQ(summary.omitted, 0u);
}

TEST_F(SourceLedgerTest, AnotherCaptureCountsAnewAndKeepsTheLatestBlock) {
    const auto source = recorded({22, 80, 443});
    ledger_.blocked(source, {.at_ns = 1, .frame = 1}, {}, 1);
    ledger_.blocked(source, {.at_ns = 2, .frame = 9}, std::vector<std::uint16_t>{22}, 2);
    ledger_.begin_capture();
    ledger_.packet(source, true, true);
    const SourceReport report = only(nothing_at(3));
    EXPECT_EQ(report.packets, 1u);
    EXPECT_EQ(report.dropped, 1u);
    EXPECT_THAT(report.ports, ElementsAre(22));
    EXPECT_THAT(report.blocks, ElementsAre(BlockReport{.at_ns = 2, .frame = 0}));
}

} // namespace
} // namespace portscan
