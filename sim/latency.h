// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace portscan {

/// The part `numerator / denominator` of a distribution: 0 to 1, denominator from 1 to 2^32.
struct Quantile {
    std::uint64_t numerator = 1;
    std::uint64_t denominator = 2;
};
inline constexpr Quantile p50{50, 100};
inline constexpr Quantile p90{90, 100};
inline constexpr Quantile p99{99, 100};
inline constexpr Quantile p999{999, 1'000};
inline constexpr Quantile p9999{9'999, 10'000};

/// Nearest rank: the smallest rank (from 1) that at least that part of `count` values is within;
/// 0 for no values. Exact for every 64-bit count.
std::uint64_t nearest_rank(std::uint64_t count, Quantile quantile);

/// The value of that rank among sorted values; 0 for none.
std::uint64_t percentile(std::span<const std::uint64_t> sorted, Quantile quantile);

/// So many values up to `up_to`, and above that of the bar before.
struct LatencyBar {
    std::uint64_t up_to = 0;
    std::uint64_t count = 0;

    bool operator==(const LatencyBar &) const = default;
};

/// How often which latency was seen, in ns, over the whole 64-bit range and in constant memory
/// (58 KiB). Values below 256 are kept exactly; above that a bucket spans 1/128 of the power of two
/// it lies in, so that a percentile is never below the value of its rank and less than 1/128 (0.8
/// %) above it. Minimum and maximum are exact.
class LatencyHistogram {
  public:
    void add(std::uint64_t value) {
        ++buckets_[bucket_of(value)];
        ++count_;
        min_ = std::min(min_, value);
        max_ = std::max(max_, value);
    }
    void merge(const LatencyHistogram &other);

    std::uint64_t count() const { return count_; }
    /// 0 where nothing was added, as for all below.
    std::uint64_t min() const { return count_ == 0 ? 0 : min_; }
    std::uint64_t max() const { return max_; }
    /// The largest value of the bucket that holds the value of the nearest rank, at most max().
    std::uint64_t percentile(Quantile quantile) const;
    /// For people and charts: eight bars for each power of two, ascending, none of them empty.
    std::vector<LatencyBar> bars() const;

    /// Buckets 0 to 255 hold one value each; then come 128 for each power of two.
    static constexpr std::size_t bucket_of(std::uint64_t value) {
        const auto width = static_cast<unsigned>(std::bit_width(value));
        const unsigned shift = value < 2 * part_count ? 0 : width - part_bits - 1;
        return shift * part_count + static_cast<std::size_t>(value >> shift);
    }
    /// The largest value of a bucket.
    static constexpr std::uint64_t bucket_end(std::size_t bucket) {
        if (bucket < 2 * part_count) return bucket;
        const std::uint64_t shift = bucket / part_count - 1;
        const std::uint64_t leading = bucket - shift * part_count;
        return (leading << shift) + ((std::uint64_t{1} << shift) - 1);
    }

  private:
    static constexpr unsigned part_bits = 7;
    static constexpr std::uint64_t part_count = 1U << part_bits;
    static constexpr std::size_t bucket_count = (64 - part_bits - 1) * part_count + 2 * part_count;

    std::array<std::uint64_t, bucket_count> buckets_{};
    std::uint64_t count_ = 0;
    std::uint64_t min_ = UINT64_MAX;
    std::uint64_t max_ = 0;
};

} // namespace portscan
