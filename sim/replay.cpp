// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/replay.h"

#include "sim/replay_state.h"

#include <utility>

namespace portscan {
namespace {

void add_details(std::vector<SourceReport> &sources, const std::vector<SourceRecord> &records,
                 const std::vector<BlockEvent> &events) {
    std::map<Prefix, SourceReport *> by_address;
    for (SourceReport &source : sources) by_address.emplace(source.address, &source);
    for (const SourceRecord &record : records)
        if (const auto found = by_address.find(record.source); found != by_address.end())
            found->second->record = record;
    for (const BlockEvent &event : events)
        if (const auto found = by_address.find(event.source); found != by_address.end())
            found->second->events.push_back(event);
}

/// Into this CPU's caches: what the thread that reads wrote is in those of another.
void prefetch(const void *begin, std::size_t size) {
    constexpr std::size_t cache_line = 64;
    const auto *const bytes = static_cast<const char *>(begin);
    for (std::size_t i = 0; i < size; i += cache_line) __builtin_prefetch(bytes + i);
    if (size != 0) __builtin_prefetch(bytes + size - 1); // the line that it ends in
}

/// While one frame is run: the next one's bytes, which the one before has brought the address of.
void fetch_ahead(std::span<const CapturedFrame> frames, std::size_t now) {
    if (now + 1 < frames.size())
        prefetch(frames[now + 1].bytes.data(), frames[now + 1].bytes.size());
    if (now + 2 < frames.size()) prefetch(&frames[now + 2], sizeof frames[now + 2]);
}

} // namespace

Replay::Replay(Simulator &simulator, ReplayOptions options) :
    state_(std::make_unique<State>(simulator, options)) {
    begin_capture();
}
Replay::Replay(Replay &&) noexcept = default;
Replay &Replay::operator=(Replay &&) noexcept = default;
Replay::~Replay() = default;

FrameOutcome Replay::feed(const CapturedFrame &frame) {
    FrameRuns &runs = state_->runs;
    runs.clear();
    run({&frame, 1}, runs);
    return state_->books->settle(frame, runs.frames.front(), runs.rare);
}

std::size_t Replay::feed(std::span<const CapturedFrame> frames, const OutcomeVisitor &visit) {
    FrameRuns &runs = state_->runs;
    runs.clear();
    const std::size_t ran = run(frames, runs);
    settle(frames, runs, visit);
    return ran;
}

std::size_t Replay::run(std::span<const CapturedFrame> frames, FrameRuns &runs) {
    for (std::size_t i = 0; i < frames.size(); ++i) {
        fetch_ahead(frames, i);
        state_->run(frames[i], runs.frames.emplace_back(), runs.rare);
        if (runs.passed_before_last()) return i + 1;
    }
    return frames.size();
}

void Replay::settle(std::span<const CapturedFrame> frames, FrameRuns &runs,
                    const OutcomeVisitor &visit) {
    for (std::size_t i = 0; i < runs.frames.size(); ++i) {
        const FrameOutcome outcome = state_->books->settle(frames[i], runs.frames[i], runs.rare);
        if (visit) visit(frames[i], outcome);
    }
}

void Replay::observe(const Dissection &frame) {
    state_->books->observe(frame);
}

void Replay::advance_to(std::uint64_t time_ns) {
    state_->move_clock(time_ns);
    state_->expire_if_due();
    state_->set_program_clock();
}

bool Replay::unblock(std::string_view address) {
    State &state = *state_;
    const auto record = state.simulator->source(address);
    const bool removed = state.simulator->unblock(address);
    if (removed && record) state.note_unblocked(record->source);
    return removed;
}

bool Replay::erase(std::string_view address) {
    State &state = *state_;
    const auto record = state.simulator->source(address);
    const bool removed = state.simulator->erase(address);
    if (removed && record) state.note_unblocked(record->source);
    return removed;
}

BlockOutcome Replay::block(std::string_view address) {
    State &state = *state_;
    const BlockOutcome outcome = state.simulator->block(address);
    state.simulator->take_events(); // of frames only
    const auto record = state.simulator->source(address);
    if (outcome != BlockOutcome::blocked || !record) return outcome;

    const std::uint64_t now_ns = state.clock_ns.value_or(0);
    const BlockReport block{.at_ns = now_ns,
                            .frame = 0,
                            .trigger_port = std::nullopt,
                            .until_ns = state.books->block_end(now_ns)};
    const bool ipv6 = record->source.address.is_ipv6();
    state.books->ledger.blocked(state.books->ledger.entry(record->source, now_ns), block,
                                record->ports, state.program_ns());
    state.schedule.inserted(ipv6, now_ns);
    state.schedule.blocked(ipv6, now_ns);
    return outcome;
}

void Replay::allow(std::string_view prefix) {
    State &state = *state_;
    state.simulator->allow(prefix);
    const std::uint64_t now_ns = state.clock_ns.value_or(0);
    const auto covering = Prefix::parse(prefix);
    if (!covering) return; // the simulator has refused it
    for (const Prefix &source : state.books->ledger.blocked_within(*covering, now_ns)) {
        const auto record = state.simulator->source(source.address.to_string());
        if (record && record->blocked) continue;
        state.books->ledger.unblocked(state.books->ledger.entry(source, now_ns), now_ns);
    }
}

bool Replay::disallow(std::string_view prefix) {
    return state_->simulator->disallow(prefix);
}

void Replay::expire() {
    state_->expire();
}

ReplayReport Replay::report() {
    State &state = *state_;
    const CaptureCounts &counts = state.counts;
    ReplayBooks &books = *state.books;
    state.set_program_clock();
    const RegistryView registry = state.look_at_registry();
    state.expire();

    SourceLedger::Summary sources = books.ledger.summarize(registry, state.options.report_sources);
    if (state.options.details) add_details(sources.sources, registry.records, books.events);
    ReplayReport report{.capture = {},
                        .packets = counts.packets,
                        .verdicts = books.verdicts,
                        .skipped = {},
                        .not_selected = counts.not_selected,
                        .time_held = counts.time_held,
                        .first_ns = counts.first_ns,
                        .last_ns = state.clock_ns.value_or(0),
                        .counters = state.counters_of_capture(),
                        .expiry = counts.expiry,
                        .latency = latency().report(),
                        .sources = std::move(sources.sources),
                        .sources_omitted = sources.omitted,
                        .damage = {}};
    for (std::size_t i = 0; i < skip_count; ++i) {
        if (counts.skipped[i] == 0) continue;
        report.skipped.emplace(to_string(static_cast<Skip>(i)), counts.skipped[i]);
    }
    return report;
}

ReplayLatency Replay::latency() const {
    return {.detector = state_->books->latency, .empty = state_->floor_latency};
}

void Replay::begin_capture() {
    State &state = *state_;
    state.counts = CaptureCounts{};
    state.counts.counters_before = state.simulator->counters();
    state.floor_latency = LatencyHistogram{};
    state.floor = FloorSampling{};
    state.books->begin_capture();
    state.simulator->take_events(); // of earlier packets
}

} // namespace portscan
