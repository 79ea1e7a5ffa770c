// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/latency.h"

namespace portscan {

std::uint64_t nearest_rank(std::uint64_t count, Quantile quantile) {
    if (count == 0) return 0;
    // ceil(count * numerator / denominator), split so that nothing overflows
    const std::uint64_t whole = count / quantile.denominator * quantile.numerator;
    const std::uint64_t rest = count % quantile.denominator * quantile.numerator;
    const std::uint64_t rank =
        whole + rest / quantile.denominator + (rest % quantile.denominator != 0 ? 1 : 0);
    return std::clamp<std::uint64_t>(rank, 1, count);
}

std::uint64_t percentile(std::span<const std::uint64_t> sorted, Quantile quantile) {
    return sorted.empty() ? 0 : sorted[nearest_rank(sorted.size(), quantile) - 1];
}

void LatencyHistogram::merge(const LatencyHistogram &other) {
    for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
}

std::vector<LatencyBar> LatencyHistogram::bars() const {
    constexpr int bar_bits = 4; // of a value, that tell its bar
    std::vector<LatencyBar> bars;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        if (buckets_[i] == 0) continue;
        const std::uint64_t end = bucket_end(i);
        const int rest = std::max(static_cast<int>(std::bit_width(end)) - bar_bits, 0);
        const std::uint64_t up_to = end | ((std::uint64_t{1} << rest) - 1);
        if (bars.empty() || bars.back().up_to != up_to) bars.push_back({.up_to = up_to});
        bars.back().count += buckets_[i];
    }
    return bars;
}

std::uint64_t LatencyHistogram::percentile(Quantile quantile) const {
    const std::uint64_t rank = nearest_rank(count_, quantile);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size() && seen < rank; ++i) {
        seen += buckets_[i];
        if (seen >= rank) return std::min(bucket_end(i), max_);
    }
    return 0;
}

} // namespace portscan
