// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/latency.h"

#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace portscan {
namespace {

TEST(NearestRank, IsTheSmallestThatCoversThePart) {
    EXPECT_EQ(nearest_rank(0, p50), 0);
    EXPECT_EQ(nearest_rank(1, p50), 1);
    EXPECT_EQ(nearest_rank(1, p999), 1);
    EXPECT_EQ(nearest_rank(2, p50), 1);
    EXPECT_EQ(nearest_rank(3, p50), 2);
    EXPECT_EQ(nearest_rank(10, p90), 9);
    EXPECT_EQ(nearest_rank(11, p90), 10);
    EXPECT_EQ(nearest_rank(999, p999), 999);
    EXPECT_EQ(nearest_rank(1'000, p999), 999);
    EXPECT_EQ(nearest_rank(1'001, p999), 1'000);
    EXPECT_EQ(nearest_rank(100, {0, 1}), 1);
    EXPECT_EQ(nearest_rank(100, {1, 1}), 100);
}

TEST(NearestRank, DoesNotOverflow) {
    EXPECT_EQ(nearest_rank(UINT64_MAX, {1, 1}), UINT64_MAX);
    EXPECT_EQ(nearest_rank(UINT64_MAX, p50), 1ULL << 63);
    EXPECT_EQ(nearest_rank(10'000'000'000'000'000'000ULL, p999), 9'990'000'000'000'000'000ULL);
}

TEST(LatencyHistogram, BarsAreEightToAPowerOfTwo) {
    LatencyHistogram histogram;
    EXPECT_TRUE(histogram.bars().empty());
    for (const std::uint64_t value : {3, 15, 16, 17, 40, 43, 44, 1'000, 1'000})
        histogram.add(value);
    const std::vector<LatencyBar> expected{{3, 1}, {15, 1}, {17, 2}, {43, 2}, {47, 1}, {1'023, 2}};
    EXPECT_EQ(histogram.bars(), expected);
}

TEST(Percentile, OfSortedValues) {
    const std::vector<std::uint64_t> values{1, 2, 3, 4, 5, 6, 7, 8, 9, 1'000};
    EXPECT_EQ(percentile(values, p50), 5);
    EXPECT_EQ(percentile(values, p90), 9);
    EXPECT_EQ(percentile(values, p99), 1'000);
    EXPECT_EQ(percentile(std::vector<std::uint64_t>{7}, p50), 7);
    EXPECT_EQ(percentile({}, p50), 0);
}

TEST(LatencyHistogram, EmptyIsAllZero) {
    const LatencyHistogram empty;
    EXPECT_EQ(empty.count(), 0);
    EXPECT_EQ(empty.min(), 0);
    EXPECT_EQ(empty.max(), 0);
    EXPECT_EQ(empty.percentile(p50), 0);
}

TEST(LatencyHistogram, SmallValuesAreExact) {
    LatencyHistogram histogram;
    for (std::uint64_t value = 0; value < 256; ++value) histogram.add(value);
    for (std::uint64_t rank = 1; rank <= 256; ++rank)
        EXPECT_EQ(histogram.percentile({rank, 256}), rank - 1);
    EXPECT_EQ(histogram.min(), 0);
    EXPECT_EQ(histogram.max(), 255);
}

TEST(LatencyHistogram, PercentilesOfAKnownDistribution) {
    LatencyHistogram histogram;
    for (int i = 0; i < 900; ++i) histogram.add(40);
    for (int i = 0; i < 90; ++i) histogram.add(130);
    for (int i = 0; i < 9; ++i) histogram.add(200);
    histogram.add(6'900);
    EXPECT_EQ(histogram.count(), 1'000);
    EXPECT_EQ(histogram.percentile(p50), 40);
    EXPECT_EQ(histogram.percentile(p90), 40);
    EXPECT_EQ(histogram.percentile({901, 1'000}), 130);
    EXPECT_EQ(histogram.percentile(p99), 130);
    EXPECT_EQ(histogram.percentile(p999), 200);
    EXPECT_EQ(histogram.percentile({1, 1}), 6'900) << "the maximum is exact";
}

TEST(LatencyHistogram, BucketsAreContiguousAndNarrow) {
    for (std::size_t bucket = 0; bucket < 7'424 - 1; ++bucket) {
        const std::uint64_t end = LatencyHistogram::bucket_end(bucket);
        ASSERT_EQ(LatencyHistogram::bucket_of(end), bucket);
        ASSERT_EQ(LatencyHistogram::bucket_of(end + 1), bucket + 1);
    }
    EXPECT_EQ(LatencyHistogram::bucket_of(UINT64_MAX), 7'423);
    EXPECT_EQ(LatencyHistogram::bucket_end(7'423), UINT64_MAX);
}

TEST(LatencyHistogram, ErrorIsWithinItsBoundOverTheWholeRange) {
    std::mt19937_64 random{1};
    std::vector<std::uint64_t> values;
    LatencyHistogram histogram;
    for (int i = 0; i < 20'000; ++i) {
        values.push_back(random() >> (random() % 64));
        histogram.add(values.back());
    }
    std::sort(values.begin(), values.end());
    for (const Quantile quantile :
         {Quantile{1, 1'000}, p50, p90, p99, p999, p9999, Quantile{1, 1}}) {
        const std::uint64_t exact = percentile(values, quantile);
        EXPECT_GE(histogram.percentile(quantile), exact);
        EXPECT_LE(histogram.percentile(quantile) - exact, exact / 128);
    }
}

TEST(LatencyHistogram, MergeIsTheSameAsAddingAll) {
    LatencyHistogram first;
    LatencyHistogram second;
    LatencyHistogram both;
    for (std::uint64_t value = 1; value < 1'000'000; value = value * 3 + 1) {
        (value % 2 == 0 ? first : second).add(value);
        both.add(value);
    }
    first.merge(second);
    first.merge(LatencyHistogram{});
    EXPECT_EQ(first.count(), both.count());
    EXPECT_EQ(first.min(), both.min());
    EXPECT_EQ(first.max(), both.max());
    for (std::uint64_t part = 0; part <= 100; ++part)
        EXPECT_EQ(first.percentile({part, 100}), both.percentile({part, 100}));
}

TEST(LatencyHistogram, MergeIntoAnEmptyOneKeepsTheMinimum) {
    LatencyHistogram other;
    other.add(77);
    LatencyHistogram histogram;
    histogram.merge(other);
    EXPECT_EQ(histogram.min(), 77);
    EXPECT_EQ(histogram.percentile(p50), 77);
}

} // namespace
} // namespace portscan
