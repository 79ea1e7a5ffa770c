// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/expiry_schedule.h"

#include <algorithm>

namespace portscan {

ExpirySchedule::ExpirySchedule(const DetectorOptions &options) :
    interval_ns_(static_cast<std::uint64_t>(options.expire_interval.count())),
    lifetime_ns_(2 * static_cast<std::uint64_t>(options.window.count())) {
    if (options.block_for) {
        lifetime_ns_ =
            std::min(lifetime_ns_, static_cast<std::uint64_t>(options.block_for->count()));
    }
    const auto bounds = [](std::uint64_t sources, std::uint64_t blocked) {
        return Family{.safe_insertions = (sources - blocked) / 2, .blocked_limit = blocked};
    };
    families_[0] = bounds(options.max_sources, options.blocked_limit());
    families_[1] = bounds(options.max_sources6, options.blocked_limit6());
}

std::uint64_t ExpirySchedule::add(std::uint64_t time_ns, std::uint64_t duration_ns) {
    return duration_ns > UINT64_MAX - time_ns ? UINT64_MAX : time_ns + duration_ns;
}

std::optional<std::uint64_t> ExpirySchedule::pass_before(std::uint64_t now_ns) {
    if (now_ns >= next_ns_) {
        pending_ns_ = next_ns_ + (now_ns - next_ns_) / interval_ns_ * interval_ns_;
        next_ns_ = add(*pending_ns_, interval_ns_);
    }
    if (*pending_ns_ < earliest_ns_) {
        pending_ns_.reset();
        return std::nullopt;
    }
    if (!families_[0].near_bounds() && !families_[1].near_bounds()) return std::nullopt;
    const auto pass = pending_ns_;
    pending_ns_.reset();
    return pass;
}

} // namespace portscan
