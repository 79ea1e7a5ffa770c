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

} // namespace

Replay::Replay(Simulator &simulator, ReplayOptions options) :
    state_(std::make_unique<State>(simulator, options)) {
    begin_capture();
}
Replay::Replay(Replay &&) noexcept = default;
Replay &Replay::operator=(Replay &&) noexcept = default;
Replay::~Replay() = default;

FrameOutcome Replay::feed(const CapturedFrame &frame) {
    State &state = *state_;
    if (state.clock_ns && frame.time_ns < *state.clock_ns) ++state.books.time_held;
    state.move_clock(frame.time_ns);
    if (state.books.packets++ == 0) state.books.first_ns = *state.clock_ns;

    FrameOutcome outcome{
        .number = frame.number, .time_ns = *state.clock_ns, .result = {}, .skip = {}};
    const Dissection dissection = dissect(frame);
    state.observe(dissection);
    if (!frame.selected) {
        ++state.books.not_selected;
        return outcome;
    }
    const auto fitted = state.fitter.fit(frame, dissection.decisive_length);
    if (const Skip *const skip = std::get_if<Skip>(&fitted)) {
        outcome.skip = *skip;
        ++state.books.skipped.at(static_cast<std::size_t>(*skip));
        return outcome;
    }
    outcome.pass = state.expire_if_due();
    const ByteView bytes = std::get<ByteView>(fitted);
    outcome.result = state.simulator->step(bytes);
    state.account(outcome, dissection);
    if (state.options.floor && state.floor.due())
        state.latency.empty.add(state.simulator->floor_ns(bytes));
    return outcome;
}

void Replay::observe(const Dissection &frame) {
    state_->observe(frame);
}

void Replay::advance_to(std::uint64_t time_ns) {
    state_->move_clock(time_ns);
    state_->expire_if_due();
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
                            .until_ns = state.block_end(now_ns)};
    const bool ipv6 = record->source.address.is_ipv6();
    state.ledger.blocked(state.ledger.entry(record->source, now_ns), block, record->ports,
                         state.program_ns());
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
    for (const Prefix &source : state.ledger.blocked_within(*covering, now_ns)) {
        const auto record = state.simulator->source(source.address.to_string());
        if (record && record->blocked) continue;
        state.ledger.unblocked(state.ledger.entry(source, now_ns), now_ns);
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
    const CaptureBooks &books = state.books;
    state.set_program_clock();
    const RegistryView registry = state.look_at_registry();
    state.expire();

    SourceLedger::Summary sources = state.ledger.summarize(registry, state.options.report_sources);
    if (state.options.details) add_details(sources.sources, registry.records, books.events);
    ReplayReport report{.capture = {},
                        .packets = books.packets,
                        .verdicts = books.verdicts,
                        .skipped = {},
                        .not_selected = books.not_selected,
                        .time_held = books.time_held,
                        .first_ns = books.first_ns,
                        .last_ns = state.clock_ns.value_or(0),
                        .counters = state.counters_of_capture(),
                        .expiry = books.expiry,
                        .latency = state.latency.report(),
                        .sources = std::move(sources.sources),
                        .sources_omitted = sources.omitted,
                        .damage = {}};
    for (std::size_t i = 0; i < skip_count; ++i) {
        if (books.skipped[i] == 0) continue;
        report.skipped.emplace(to_string(static_cast<Skip>(i)), books.skipped[i]);
    }
    return report;
}

const ReplayLatency &Replay::latency() const {
    return state_->latency;
}

void Replay::begin_capture() {
    State &state = *state_;
    state.books = CaptureBooks{};
    state.books.counters_before = state.simulator->counters();
    state.latency = ReplayLatency{};
    state.floor = FloorSampling{};
    state.ledger.begin_capture();
    state.simulator->take_events(); // of earlier packets
}

} // namespace portscan
