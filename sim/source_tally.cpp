// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/source_tally.h"

#include "sim/dissect.h"
#include "sim/replay.h"

#include <algorithm>

namespace portscan {
namespace {

bool is_drop(const FrameOutcome &outcome) {
    return outcome.result && outcome.result->verdict == Verdict::drop;
}

} // namespace

void SourceTally::add(const RunResult &result, bool is_probe) {
    blocked = blocked || result.reason == Reason::threshold || result.reason == Reason::blocked;
    const bool dropped = result.verdict == Verdict::drop;
    packets_dropped += dropped;
    if (!is_probe) return;
    probes_dropped += dropped;
    probes_passed += !dropped;
    probes_before += !dropped && !blocked;
}

CaptureTally::CaptureTally(const std::vector<Prefix> &scanners, std::size_t settings,
                           unsigned ipv6_prefix) :
    scanner_count_(scanners.size()),
    ipv6_prefix_(ipv6_prefix),
    sources_(scanners),
    settings_(settings, std::vector<SourceTally>(scanners.size())) {
    for (std::size_t i = 0; i < scanners.size(); ++i) places_.emplace(scanners[i], i);
}

void CaptureTally::observe(const CapturedFrame &frame, std::span<const FrameOutcome> outcomes) {
    const bool drops = std::any_of(outcomes.begin(), outcomes.end(), is_drop);
    if (!frame.selected || (!drops && scanner_count_ == 0)) return;
    const Dissection dissection = dissect(frame);
    if (!dissection.source) return;
    const Prefix source = source_of(*dissection.source, ipv6_prefix_);
    auto found = places_.find(source);
    if (found == places_.end()) {
        if (!drops) return;
        found = places_.emplace(source, sources_.size()).first;
        sources_.push_back(source);
    }
    const std::size_t place = found->second;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (!outcomes[i].result) continue;
        if (place >= scanner_count_ && !is_drop(outcomes[i])) continue; // only drops count
        if (settings_[i].size() <= place) settings_[i].resize(place + 1);
        settings_[i][place].add(*outcomes[i].result, dissection.is_probe);
    }
}

std::vector<TalliedSource> CaptureTally::scanners(std::size_t setting) const {
    std::vector<TalliedSource> found;
    for (std::size_t i = 0; i < scanner_count_; ++i)
        found.push_back({sources_[i], settings_[setting][i]});
    return found;
}

std::vector<TalliedSource> CaptureTally::wronged(std::size_t setting) const {
    std::vector<TalliedSource> found;
    const auto &tallies = settings_[setting];
    for (std::size_t i = scanner_count_; i < tallies.size(); ++i)
        if (tallies[i].packets_dropped != 0) found.push_back({sources_[i], tallies[i]});
    return found;
}

} // namespace portscan
