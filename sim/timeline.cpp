// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/timeline.h"

#include <algorithm>

namespace portscan {

Timeline::Timeline(std::size_t most_bins) : most_bins_(std::max<std::size_t>(most_bins, 1)) {}

void Timeline::add(std::uint64_t time_ns, const Bin &packets) {
    if (bins_.empty()) start_ns_ = end_ns_ = time_ns;
    end_ns_ = std::max(end_ns_, time_ns);
    const std::uint64_t offset = time_ns - std::min(time_ns, start_ns_);
    while (offset / bin_ns_ >= most_bins_) widen();
    const auto index = static_cast<std::size_t>(offset / bin_ns_);
    if (index >= bins_.size()) bins_.resize(index + 1);
    bins_[index].passed += packets.passed;
    bins_[index].dropped += packets.dropped;
}

void Timeline::widen() {
    const std::size_t together = merge_by_five_ ? 5 : 2;
    merge_by_five_ = !merge_by_five_;
    bin_ns_ *= together;
    for (std::size_t i = 0; i < bins_.size(); ++i) {
        const Bin bin = bins_[i];
        if (i % together == 0) bins_[i / together] = {};
        bins_[i / together].passed += bin.passed;
        bins_[i / together].dropped += bin.dropped;
    }
    bins_.resize((bins_.size() + together - 1) / together);
}

} // namespace portscan
