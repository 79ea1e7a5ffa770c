// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/expiry_schedule.h"

#include <chrono>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t second = 1'000'000'000;

/// So small that the second insertion is near the bounds: passes are due every 10 s, records are
/// freed after 20 s.
DetectorOptions small() {
    return {.window = 10s, .max_sources = 4, .expire_interval = 10s};
}

ExpiryReport finds_nothing_before(std::uint64_t next_due_ns) {
    return {.next_due_ns = next_due_ns};
}

TEST(ExpirySchedule, NothingIsDueWithoutRecords) {
    ExpirySchedule schedule{small()};
    schedule.start(100 * second);
    EXPECT_EQ(schedule.due(1000 * second), std::nullopt);
}

TEST(ExpirySchedule, PassesAreDueEveryIntervalFromTheStart) {
    ExpirySchedule schedule{small()};
    schedule.start(100 * second);
    schedule.inserted(false, 100 * second);
    schedule.inserted(false, 101 * second);
    EXPECT_EQ(schedule.due(110 * second), std::nullopt); // nothing to free yet
    EXPECT_EQ(schedule.due(120 * second - 1), std::nullopt);
    EXPECT_EQ(schedule.due(120 * second), 120 * second);
    schedule.ran(finds_nothing_before(121 * second));
    EXPECT_EQ(schedule.due(129 * second), std::nullopt);
    EXPECT_EQ(schedule.due(130 * second), 130 * second);
}

TEST(ExpirySchedule, OfSeveralPassesBetweenTwoPacketsTheLastIsRun) {
    ExpirySchedule schedule{small()};
    schedule.start(0);
    schedule.inserted(false, 0);
    schedule.inserted(false, 0);
    EXPECT_EQ(schedule.due(86'405 * second), 86'400 * second);
    schedule.ran(finds_nothing_before(UINT64_MAX));
    EXPECT_EQ(schedule.due(86'409 * second), std::nullopt);
}

TEST(ExpirySchedule, BlockDurationCanBeTheShorterLife) {
    DetectorOptions options = small();
    options.block_for = 5s;
    ExpirySchedule schedule{options};
    schedule.start(0);
    schedule.inserted(false, 0);
    schedule.inserted(false, 0);
    EXPECT_EQ(schedule.due(10 * second), 10 * second);
}

TEST(ExpirySchedule, PassesWaitWhileTheRegistryIsFarFromItsBounds) {
    ExpirySchedule schedule{{.window = 10s, .max_sources = 400, .expire_interval = 10s}};
    schedule.start(0);
    for (int i = 0; i < 100; ++i) schedule.inserted(false, 0); // half of the 200 unblocked ones
    EXPECT_EQ(schedule.due(55 * second), std::nullopt);
    schedule.inserted(false, 55 * second);
    EXPECT_EQ(schedule.due(56 * second), 50 * second); // the one that was due before that insertion
    schedule.ran(finds_nothing_before(75 * second));
    EXPECT_EQ(schedule.due(79 * second), std::nullopt);
    EXPECT_EQ(schedule.due(80 * second), 80 * second);
}

TEST(ExpirySchedule, ReachingTheBoundOnBlocksIsNearToo) {
    ExpirySchedule schedule{{.window = 10s, .block_for = 10s, .max_blocked6 = 2}};
    schedule.start(0);
    schedule.blocked(true, 0);
    EXPECT_EQ(schedule.due(20 * second), std::nullopt);
    schedule.blocked(true, 20 * second);
    EXPECT_EQ(schedule.due(21 * second), 20 * second);
}

TEST(ExpirySchedule, EndOfTimeDoesNotWrap) {
    ExpirySchedule schedule{small()};
    schedule.start(UINT64_MAX - second);
    schedule.inserted(false, UINT64_MAX - second);
    schedule.inserted(false, UINT64_MAX - second);
    EXPECT_EQ(schedule.due(UINT64_MAX - 1), std::nullopt);
}

} // namespace
} // namespace portscan
