// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/timeline.h"

#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Le;

using Bin = Timeline::Bin;
constexpr std::uint64_t microsecond = 1'000;
constexpr std::uint64_t epoch = 1'700'000'000'123'456'789;

Bin sum(const Timeline &timeline) {
    Bin all;
    for (const Bin &bin : timeline.bins()) {
        all.passed += bin.passed;
        all.dropped += bin.dropped;
    }
    return all;
}

TEST(Timeline, OfNothingHasNoBins) {
    const Timeline timeline;
    EXPECT_THAT(timeline.bins(), IsEmpty());
    EXPECT_EQ(timeline.start_ns(), 0u);
    EXPECT_EQ(timeline.end_ns(), 0u);
}

TEST(Timeline, StartsAtTheFirstTimeWithBinsOfAMicrosecond) {
    Timeline timeline{4};
    timeline.add(epoch, {.passed = 1});
    timeline.add(epoch + microsecond - 1, {.dropped = 1});
    timeline.add(epoch + 3 * microsecond, {.passed = 2});
    EXPECT_EQ(timeline.start_ns(), epoch);
    EXPECT_EQ(timeline.end_ns(), epoch + 3 * microsecond);
    EXPECT_EQ(timeline.bin_ns(), microsecond);
    EXPECT_THAT(timeline.bins(), ElementsAre(Bin{1, 1}, Bin{}, Bin{}, Bin{2, 0}));
}

TEST(Timeline, MergesBinsByTwosThenByFives) {
    Timeline timeline{4};
    for (std::uint64_t i = 0; i < 4; ++i)
        timeline.add(epoch + i * microsecond, {.passed = 1, .dropped = 10 + i});
    timeline.add(epoch + 4 * microsecond, {.passed = 1});
    EXPECT_EQ(timeline.bin_ns(), 2 * microsecond);
    EXPECT_THAT(timeline.bins(), ElementsAre(Bin{2, 21}, Bin{2, 25}, Bin{1, 0}));
    timeline.add(epoch + 8 * microsecond, {.passed = 1});
    EXPECT_EQ(timeline.bin_ns(), 10 * microsecond);
    EXPECT_THAT(timeline.bins(), ElementsAre(Bin{6, 46}));
    timeline.add(epoch + 79 * microsecond, {.dropped = 1});
    EXPECT_EQ(timeline.bin_ns(), 20 * microsecond);
    EXPECT_THAT(timeline.bins(), ElementsAre(Bin{6, 46}, Bin{}, Bin{}, Bin{0, 1}));
}

TEST(Timeline, KeepsWithinItsBinsAndLosesNoPacketOverYears) {
    Timeline timeline{100};
    std::uint64_t time_ns = epoch, packets = 0;
    for (std::uint64_t gap = 1; time_ns - epoch < 10 * 31'557'600'000'000'000; gap += gap / 3 + 1) {
        timeline.add(time_ns, {.passed = 1, .dropped = 2});
        time_ns += gap;
        ++packets;
        ASSERT_THAT(timeline.bins().size(), Le(100u));
        ASSERT_EQ(sum(timeline), (Bin{packets, 2 * packets}));
    }
}

TEST(Timeline, IsAtLeastATenthFullOnceBinsWereMerged) {
    Timeline timeline{1'000};
    for (std::uint64_t i = 0; i < 100'000; ++i)
        timeline.add(epoch + i * microsecond, {.passed = 1});
    EXPECT_EQ(timeline.bin_ns(), 100 * microsecond);
    EXPECT_EQ(timeline.bins().size(), 1'000u);
    timeline.add(epoch + 100'000 * microsecond, {.passed = 1});
    EXPECT_EQ(timeline.bin_ns(), 200 * microsecond);
    EXPECT_EQ(timeline.bins().size(), 501u);
}

TEST(Timeline, TakesTheWholeRangeOfTimes) {
    Timeline timeline{2};
    timeline.add(0, {.passed = 1});
    timeline.add(UINT64_MAX, {.passed = 1});
    EXPECT_THAT(timeline.bins().size(), Le(2u));
    EXPECT_EQ(sum(timeline).passed, 2u);
}

TEST(Timeline, ATimeBeforeTheFirstCountsAsTheFirst) {
    Timeline timeline{4};
    timeline.add(epoch, {.passed = 1});
    timeline.add(epoch - 5 * microsecond, {.dropped = 1});
    EXPECT_THAT(timeline.bins(), ElementsAre(Bin{1, 1}));
}

TEST(Timeline, OfOneBinHoldsEverything) {
    Timeline timeline{0};
    timeline.add(epoch, {.passed = 1});
    timeline.add(epoch + 1'000'000'000, {.dropped = 1});
    EXPECT_THAT(timeline.bins(), ElementsAre(Bin{1, 1}));
}

} // namespace
} // namespace portscan
