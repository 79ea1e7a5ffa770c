// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/latency_histogram.h"

#include <gtest/gtest.h>
#include <memory>

namespace portscan {
namespace {

TEST(LatencyHistogram, IsZeroWithoutPackets) {
    EXPECT_EQ(std::make_unique<LatencyHistogram>()->report(), LatencyReport{});
}

TEST(LatencyHistogram, PercentilesAreNearestRank) {
    LatencyHistogram histogram;
    for (std::uint32_t ns = 1; ns <= 1000; ++ns) histogram.add(ns);
    EXPECT_EQ(histogram.report(),
              (LatencyReport{.p50 = 500, .p90 = 900, .p99 = 990, .p999 = 999, .max = 1000}));
}

TEST(LatencyHistogram, OnePacketIsEveryPercentile) {
    LatencyHistogram histogram;
    histogram.add(42);
    EXPECT_EQ(histogram.report(),
              (LatencyReport{.p50 = 42, .p90 = 42, .p99 = 42, .p999 = 42, .max = 42}));
}

TEST(LatencyHistogram, RareSlowPacketsShowInTheTailOnly) {
    LatencyHistogram histogram;
    for (int i = 0; i < 9989; ++i) histogram.add(100);
    for (int i = 0; i < 11; ++i) histogram.add(50'000);
    const LatencyReport report = histogram.report();
    EXPECT_EQ(report.p99, 100u);
    EXPECT_EQ(report.p999, 50'000u);
}

TEST(LatencyHistogram, LongDurationsAreRightToOnePartInAThousand) {
    for (const std::uint64_t ns : {2047u, 2048u, 4095u, 123456u, 999999999u, UINT32_MAX}) {
        LatencyHistogram histogram;
        histogram.add(static_cast<std::uint32_t>(ns));
        histogram.add(UINT32_MAX);
        const LatencyReport report = histogram.report();
        EXPECT_GE(report.p50, ns);
        EXPECT_LE(report.p50, ns + ns / 1024);
        EXPECT_EQ(report.max, UINT32_MAX);
    }
}

TEST(LatencyHistogram, ClearForgets) {
    LatencyHistogram histogram;
    histogram.add(7);
    histogram.clear();
    EXPECT_EQ(histogram.report(), LatencyReport{});
}

} // namespace
} // namespace portscan
