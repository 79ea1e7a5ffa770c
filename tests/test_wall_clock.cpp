// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/wall_clock.h"

#include <cstdlib>
#include <ctime>
#include <gtest/gtest.h>

namespace portscan {
namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t minute_ns = 60 * second_ns;
constexpr std::uint64_t uptime_ns = 7200 * second_ns;
constexpr std::uint64_t epoch_ns = 1'795'429'457 * second_ns; // 2026-11-23 10:24:17 UTC

/// Everything here is told in a zone that is not UTC, so that a mix-up shows.
class WallClockText : public ::testing::Test {
  protected:
    void SetUp() override { use_zone("CET-1"); }
    void TearDown() override { use_zone("UTC0"); }

    static void use_zone(const char *zone) {
        setenv("TZ", zone, 1);
        tzset();
    }

    WallClock clock_{uptime_ns, epoch_ns};
};

TEST_F(WallClockText, NamesTheZone) {
    EXPECT_EQ(clock_.text(uptime_ns), "2026-11-23 11:24:17 CET");
}

TEST_F(WallClockText, TellsHowLongAgoAndHowLongStill) {
    EXPECT_EQ(clock_.text_with_age(uptime_ns - 200 * second_ns),
              "2026-11-23 11:20:57 CET (3m 20s ago)");
    EXPECT_EQ(clock_.text_with_age(uptime_ns + 57 * minute_ns), "2026-11-23 12:21:17 CET (in 57m)");
    EXPECT_EQ(clock_.text_with_age(uptime_ns - 1), "2026-11-23 11:24:16 CET (now)");
}

TEST_F(WallClockText, JsonHasSecondsAndNineDigits) {
    EXPECT_EQ(clock_.json(uptime_ns + 1), "1795429457.000000001");
    EXPECT_EQ(clock_.json(uptime_ns - 1), "1795429456.999999999");
}

TEST(WallClock, TimesBeyondEitherEndStayThere) {
    const WallClock just_booted{10 * second_ns, 5 * second_ns};
    EXPECT_EQ(just_booted.wall_ns(0), 0U);
    EXPECT_EQ(just_booted.wall_ns(UINT64_MAX), UINT64_MAX - 5 * second_ns);
    const WallClock running{uptime_ns, epoch_ns};
    EXPECT_EQ(running.wall_ns(UINT64_MAX), UINT64_MAX);
}

TEST(WallClock, NowIsBetweenTwoReadings) {
    const std::time_t before = std::time(nullptr);
    const WallClock now = WallClock::now();
    const auto seconds = static_cast<std::time_t>(now.wall_ns(now.monotonic_ns()) / second_ns);
    EXPECT_GE(seconds, before);
    EXPECT_LE(seconds, std::time(nullptr));
}

TEST(FormatAge, HasTheLargestUnitAndTheNext) {
    EXPECT_EQ(format_age(0), "less than 1s");
    EXPECT_EQ(format_age(59 * second_ns + 999'999'999), "59s");
    EXPECT_EQ(format_age(60 * second_ns), "1m");
    EXPECT_EQ(format_age(3'661 * second_ns), "1h 1m");
    EXPECT_EQ(format_age(3'601 * second_ns), "1h");
    EXPECT_EQ(format_age(90'000 * second_ns), "1d 1h");
}

} // namespace
} // namespace portscan
