// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/block_log.h"

#include <cstdlib>
#include <ctime>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace portscan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t second_ns = 1'000'000'000;

/// The wall clock so many ns after 2026-11-23 10:24:17 UTC.
WallClock after(std::uint64_t ns) {
    return {second_ns + ns, 1'795'429'457 * second_ns + ns};
}

BlockEvent scan_of_three_ports() {
    return {.source = *Prefix::parse("10.0.0.1"),
            .time_ns = second_ns,
            .ports = {22, 23, 25},
            .trigger_port = 80};
}

BlockChange unblocked(const char *source) {
    return {.kind = BlockChange::Kind::unblocked,
            .source = *Prefix::parse(source),
            .time_ns = second_ns,
            .why = "block-for is over"};
}

class BlockLogLines : public ::testing::Test {
  protected:
    void SetUp() override {
        setenv("TZ", "UTC0", 1);
        tzset();
    }

    BlockLog log(LogFormat format, LogRate rate = {}) {
        return {format, [this](std::string_view line) { lines_.emplace_back(line); }, rate};
    }

    std::vector<std::string> lines_;
};

TEST_F(BlockLogLines, TextTellsSourceWhyPortsTriggerAndInterface) {
    BlockLog log = this->log(LogFormat::text);
    log.add(block_of(scan_of_three_ports(), "eth0"), after(0));
    log.add(unblocked("2001:db8::/64"), after(0));
    EXPECT_THAT(lines_, ElementsAre("2026-11-23 10:24:17 UTC blocked 10.0.0.1: threshold, ports "
                                    "22 23 25, trigger port 80, interface eth0",
                                    "2026-11-23 10:24:17 UTC unblocked 2001:db8::/64: "
                                    "block-for is over"));
}

TEST_F(BlockLogLines, DryRunDoesNotClaimABlock) {
    BlockEvent event = scan_of_three_ports();
    event.dry_run = true;
    BlockLog log = this->log(LogFormat::text);
    log.add(block_of(event, "eth0"), after(0));
    EXPECT_THAT(lines_, ElementsAre(HasSubstr("would have blocked 10.0.0.1")));
}

TEST_F(BlockLogLines, JsonHasEveryFieldAndOddInterfaceNames) {
    BlockLog log = this->log(LogFormat::json);
    log.add(block_of(scan_of_three_ports(), "a\"\xff"), after(0));
    const auto line = nlohmann::json::parse(lines_.at(0));
    EXPECT_EQ(line.at("event"), "blocked");
    EXPECT_EQ(line.at("time"), "1795429457.000000000");
    EXPECT_EQ(line.at("source"), "10.0.0.1");
    EXPECT_EQ(line.at("why"), "threshold");
    EXPECT_EQ(line.at("ports"), nlohmann::json({22, 23, 25}));
    EXPECT_EQ(line.at("trigger_port"), 80);
    EXPECT_EQ(line.at("interface"), "a\"\xef\xbf\xbd");
    EXPECT_EQ(line.at("dry_run"), false);
}

TEST_F(BlockLogLines, BlockByHandHasNoTriggerPort) {
    const SourceRecord record{
        .source = *Prefix::parse("10.0.0.1"), .blocked = true, .manual = true};
    BlockLog log = this->log(LogFormat::json);
    log.add(change_of(BlockChange::Kind::blocked, record, second_ns, "", "by hand"), after(0));
    const auto line = nlohmann::json::parse(lines_.at(0));
    EXPECT_EQ(line.at("why"), "by hand");
    EXPECT_TRUE(line.at("trigger_port").is_null());
    EXPECT_TRUE(line.at("interface").is_null());
}

TEST_F(BlockLogLines, FloodIsCountedAndToldBeforeTheNextLine) {
    BlockLog log = this->log(LogFormat::text, {.burst = 2, .per_second = 1});
    for (int i = 0; i < 5; ++i) log.add(block_of(scan_of_three_ports(), "eth0"), after(0));
    log.add(unblocked("10.0.0.2"), after(0));
    EXPECT_EQ(lines_.size(), 2U);
    log.add(unblocked("10.0.0.3"), after(second_ns));
    EXPECT_EQ(lines_.at(2), "2026-11-23 10:24:18 UTC left out of this log: 3 blocked, 1 unblocked "
                            "(more than 1 a second)");
    EXPECT_THAT(lines_.at(3), HasSubstr("unblocked 10.0.0.3"));
}

TEST_F(BlockLogLines, FlushTellsTheRestOnceItMay) {
    BlockLog log = this->log(LogFormat::json, {.burst = 1, .per_second = 1});
    EXPECT_FALSE(log.flush_due_ns(second_ns).has_value());
    for (int i = 0; i < 3; ++i) log.add(block_of(scan_of_three_ports(), "eth0"), after(0));
    EXPECT_EQ(log.flush_due_ns(second_ns), 2 * second_ns);
    log.flush(after(0));
    EXPECT_EQ(lines_.size(), 1U);
    log.flush(after(second_ns));
    const auto line = nlohmann::json::parse(lines_.at(1));
    EXPECT_EQ(line.at("event"), "suppressed");
    EXPECT_EQ(line.at("blocked"), 2);
    EXPECT_EQ(line.at("unblocked"), 0);
    EXPECT_FALSE(log.flush_due_ns(2 * second_ns).has_value());
}

TEST_F(BlockLogLines, ForcedFlushLosesNothingAtTheEnd) {
    BlockLog log = this->log(LogFormat::text, {.burst = 1, .per_second = 1});
    for (int i = 0; i < 2; ++i) log.add(block_of(scan_of_three_ports(), "eth0"), after(0));
    log.flush(after(0), true);
    EXPECT_EQ(lines_.size(), 2U);
}

TEST(TokenBucket, PermitsABurstThenTheRate) {
    TokenBucket bucket{3, 10};
    int taken = 0;
    for (int i = 0; i < 10; ++i) taken += bucket.take(second_ns) ? 1 : 0;
    EXPECT_EQ(taken, 3);
    for (std::uint64_t ms = 1; ms <= 1000; ++ms)
        taken += bucket.take(second_ns + ms * 1'000'000) ? 1 : 0;
    EXPECT_EQ(taken, 13);
}

TEST(TokenBucket, ClockThatRunsBackwardsEarnsNothing) {
    TokenBucket bucket{1, 1};
    EXPECT_TRUE(bucket.take(10 * second_ns));
    EXPECT_FALSE(bucket.take(5 * second_ns));
    EXPECT_FALSE(bucket.take(10 * second_ns));
    EXPECT_EQ(bucket.next_ns(10 * second_ns), 11 * second_ns);
    EXPECT_TRUE(bucket.take(11 * second_ns));
}

} // namespace
} // namespace portscan
