// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/host_replay.h"

#include "sim/dissection_of.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace portscan {

/// Of what no host's replay is fed.
struct HostReplay::Books {
    std::uint64_t packets = 0, not_selected = 0, left_out = 0;
    std::uint64_t first_ns = 0;
    std::map<std::string, std::uint64_t> skipped;
};

HostReplay::HostReplay(HostList hosts, std::unique_ptr<Simulator> first, Load load,
                       ReplayOptions options, std::size_t limit) :
    hosts_{std::move(hosts)},
    load_{std::move(load)},
    options_{options},
    limit_{limit},
    fitter_{first->max_frame_size()},
    books_{std::make_unique<Books>()} {
    simulators_.push_back(std::move(first));
}
HostReplay::~HostReplay() = default;

/// One that no host has: of an earlier capture, or a new one.
Simulator &HostReplay::free_simulator() {
    if (lanes_.size() < simulators_.size()) {
        simulators_[lanes_.size()]->reset();
        return *simulators_[lanes_.size()];
    }
    return *simulators_.emplace_back(load_());
}

/// Nothing for a host that is one too many.
Replay *HostReplay::replay_of(const Address &host) {
    const auto known = by_host_.find(host);
    if (known != by_host_.end()) return known->second;
    if (lanes_.size() == limit_) return nullptr;
    Replay replay{free_simulator(), options_};
    Lane &lane = *lanes_.emplace_back(
        std::make_unique<Lane>(Lane{.host = host, .replay = std::move(replay)}));
    by_host_.emplace(host, &lane.replay);
    return &lane.replay;
}

void HostReplay::move_clock(std::uint64_t time_ns) {
    clock_ns_ = std::max(clock_ns_, time_ns);
    if (books_->packets++ == 0) books_->first_ns = clock_ns_;
}

FrameOutcome HostReplay::feed(const CapturedFrame &frame) {
    move_clock(frame.time_ns);
    FrameOutcome outcome{.number = frame.number, .time_ns = clock_ns_, .result = {}, .skip = {}};
    const DissectionOf dissection{frame};
    const Dissection &seen = *dissection;
    if (is_answer(seen)) {
        // Also where nothing that it received stands before it: then it has its registry from here.
        Replay *const sender = hosts_.contains(*seen.source) ? replay_of(*seen.source) : nullptr;
        if (sender != nullptr) sender->observe(seen);
    }
    if (!frame.selected || !seen.destination || !hosts_.contains(*seen.destination)) {
        ++books_->not_selected;
        return outcome;
    }
    const auto fitted = fitter_.fit(frame, seen.decisive_length);
    if (const Skip *const skip = std::get_if<Skip>(&fitted)) {
        ++books_->skipped[std::string{to_string(*skip)}];
        outcome.skip = *skip;
        return outcome;
    }
    Replay *const replay = replay_of(*seen.destination);
    if (replay == nullptr) {
        ++books_->not_selected;
        ++books_->left_out;
        return outcome;
    }
    const std::uint64_t time_ns = std::exchange(outcome, replay->feed(frame)).time_ns;
    outcome.time_ns = time_ns;
    outcome.host = *seen.destination;
    return outcome;
}

std::size_t HostReplay::feed(std::span<const CapturedFrame> frames, const OutcomeVisitor &visit) {
    if (frames.empty()) return 0;
    const FrameOutcome outcome = feed(frames.front());
    if (visit) visit(frames.front(), outcome);
    return 1;
}

/// Adds the books of one host. Sources that were never blocked come behind all others.
void HostReplay::add(ReplayReport &total, ReplayReport part, const Address &host) const {
    for (std::size_t i = 0; i < total.verdicts.size(); ++i) total.verdicts[i] += part.verdicts[i];
    total.time_held += part.time_held;
    auto &sum = total.counters.values;
    sum.resize(std::max(sum.size(), part.counters.values.size()));
    for (std::size_t i = 0; i < part.counters.values.size(); ++i) sum[i] += part.counters.values[i];
    total.expiry.sources_freed += part.expiry.sources_freed;
    total.expiry.blocks_freed += part.expiry.blocks_freed;
    total.expiry.blocks_lifted += part.expiry.blocks_lifted;
    total.expiry.sources_left += part.expiry.sources_left;
    total.expiry.blocks_left += part.expiry.blocks_left;
    total.expiry.next_due_ns = std::min(total.expiry.next_due_ns, part.expiry.next_due_ns);
    for (SourceReport &source : part.sources) source.host = host;
    total.sources_omitted += part.sources_omitted;
    total.sources.insert(total.sources.end(), std::make_move_iterator(part.sources.begin()),
                         std::make_move_iterator(part.sources.end()));
}

ReplayReport HostReplay::report() {
    ReplayReport total{.packets = books_->packets,
                       .skipped = books_->skipped,
                       .not_selected = books_->not_selected,
                       .first_ns = books_->first_ns,
                       .last_ns = clock_ns_};
    total.counters.values.resize(counter_names().size());
    total.expiry.next_due_ns = UINT64_MAX;
    total.hosts = HostCounts{.replayed = lanes_.size(), .left_out_packets = books_->left_out};
    ReplayLatency latency;
    for (const auto &lane : lanes_) {
        lane->replay.advance_to(clock_ns_);
        add(total, lane->replay.report(), lane->host);
        latency.merge(lane->replay.latency());
    }
    total.latency = latency.report();

    const auto others =
        std::stable_partition(total.sources.begin(), total.sources.end(),
                              [](const SourceReport &one) { return !one.blocks.empty(); });
    const auto count = static_cast<std::uint64_t>(total.sources.end() - others);
    const std::uint64_t kept = std::min(count, options_.report_sources);
    total.sources_omitted += count - kept;
    total.sources.erase(others + static_cast<std::ptrdiff_t>(kept), total.sources.end());
    return total;
}

void HostReplay::begin_capture() {
    *books_ = {};
    for (const auto &lane : lanes_) lane->replay.begin_capture();
}

void HostReplay::start_over() {
    *books_ = {};
    by_host_.clear();
    lanes_.clear();
    clock_ns_ = 0;
}

} // namespace portscan
