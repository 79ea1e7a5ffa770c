// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/replay_latency.h"

namespace portscan {
namespace {

LatencyFigures figures_of(const LatencyHistogram &latency) {
    return {.p50 = latency.percentile(p50),
            .p90 = latency.percentile(p90),
            .p99 = latency.percentile(p99),
            .p999 = latency.percentile(p999),
            .max = latency.max()};
}

} // namespace

LatencyDifference LatencyReport::above_empty() const {
    const auto above = [this](std::uint64_t value) {
        return static_cast<std::int64_t>(value) - static_cast<std::int64_t>(empty.p50);
    };
    return {.p50 = above(p50),
            .p90 = above(p90),
            .p99 = above(p99),
            .p999 = above(p999),
            .max = above(max)};
}

LatencyReport ReplayLatency::report() const {
    const LatencyFigures figures = figures_of(detector);
    return {.p50 = figures.p50,
            .p90 = figures.p90,
            .p99 = figures.p99,
            .p999 = figures.p999,
            .max = figures.max,
            .histogram = detector.bars(),
            .empty = figures_of(empty),
            .empty_packets = empty.count()};
}

} // namespace portscan
