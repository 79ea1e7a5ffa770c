// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/own_host.h"

#include "sim/dissect.h"

#include <algorithm>
#include <fmt/format.h>

namespace portscan {
namespace {

constexpr std::uint32_t most_observed = 4'096;
constexpr double nearly_all = 0.9;
constexpr std::size_t several = 3; // two hosts alone take part in everything, both of them

} // namespace

void OwnHostDetector::observe(const CapturedFrame &frame) {
    if (observed_ == most_observed) return;
    const Dissection seen = dissect(frame);
    if (!seen.source || !seen.destination) return;
    ++observed_;
    note(*seen.source, *seen.destination);
    if (*seen.source != *seen.destination) note(*seen.destination, *seen.source);
}

void OwnHostDetector::note(const Address &one, const Address &other) {
    Part &part = parts_[one];
    ++part.packets;
    const auto known = std::find(part.others.begin(), part.others.end(), other);
    if (known == part.others.end() && part.others.size() < several) part.others.push_back(other);
}

std::optional<std::string> OwnHostDetector::hint(const std::vector<SourceReport> &sources) const {
    for (const auto &[address, part] : parts_) {
        const double share = static_cast<double>(part.packets) / observed_;
        if (share < nearly_all || part.others.size() < several) continue;
        for (const SourceReport &source : sources) {
            if (source.blocks.empty() || source.reach.probed_completed == 0) continue;
            if (!source.address.contains(address)) continue;
            return fmt::format(
                "{0} takes part in {1:.0f} % of the packets, and {2}: if it recorded "
                "them, --host {0} replays only what it receives",
                address.to_string(), share * 100, honesty_reason(source.reach));
        }
    }
    return std::nullopt;
}

} // namespace portscan
