// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace portscan {

/// Packets over the time of a capture, in at most so many bins of equal width. Whoever adds need
/// not know how long it will take: where a time lies beyond the last bin, bins are merged by twos
/// and fives in turn, so that they are 1, 2, 10, 20, 100 ... microseconds wide. Memory does not
/// grow.
class Timeline {
  public:
    struct Bin {
        std::uint64_t passed = 0;
        std::uint64_t dropped = 0;

        bool operator==(const Bin &) const = default;
    };

    /// At least one bin.
    explicit Timeline(std::size_t most_bins = 4000);

    /// The first time starts the first bin; an earlier one than that counts as that.
    void add(std::uint64_t time_ns, const Bin &packets);

    /// 0 where nothing was added.
    std::uint64_t start_ns() const { return start_ns_; }
    std::uint64_t end_ns() const { return end_ns_; } ///< the latest time
    std::uint64_t bin_ns() const { return bin_ns_; }
    /// From the start on, up to the latest time.
    std::span<const Bin> bins() const { return bins_; }

  private:
    void widen();

    std::size_t most_bins_;
    std::vector<Bin> bins_;
    std::uint64_t start_ns_ = 0;
    std::uint64_t end_ns_ = 0;
    std::uint64_t bin_ns_ = 1'000;
    bool merge_by_five_ = false;
};

} // namespace portscan
