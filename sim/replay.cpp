// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/replay.h"

#include "bpf/portscan.h"
#include "sim/dissect.h"
#include "sim/expiry_schedule.h"
#include "sim/latency.h"
#include "sim/source_ledger.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace portscan {
namespace {

/// Whether the packet was a probe, by the program's own reason. Those of a blocked source, and of
/// an allowlisted address within a blocked prefix, have the same one whatever they are.
bool was_probe(Reason reason, const Dissection &frame) {
    switch (reason) {
    case Reason::malformed:
    case Reason::not_ip:
    case Reason::not_tcp:
    case Reason::not_probe:
    case Reason::fault:
        return false;
    case Reason::blocked:
    case Reason::allowlisted:
        return frame.is_probe;
    case Reason::ignored:
    case Reason::known:
    case Reason::recorded:
    case Reason::threshold:
    case Reason::block_refused:
    case Reason::insert_failed:
    case Reason::contention:
        return true;
    }
    return false;
}

/// Books of one capture.
struct CaptureBooks {
    std::uint64_t packets = 0;
    std::array<std::uint64_t, 5> verdicts{};
    std::array<std::uint64_t, skip_count> skipped{};
    std::uint64_t not_selected = 0;
    std::uint64_t time_held = 0;
    std::uint64_t first_ns = 0;
    Counters counters_before;
    ExpiryReport expiry;
    std::vector<BlockEvent> events; ///< with ReplayOptions::details
};

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

/// The answer of an open port: RFC 9293, section 3.5.
bool is_answer(const Dissection &frame) {
    return frame.tcp_flags &&
           (*frame.tcp_flags & (tcp_syn | tcp_ack | tcp_rst)) == (tcp_syn | tcp_ack);
}

/// What completes a handshake, and goes on in it.
bool is_acknowledgement(const Dissection &frame) {
    return frame.tcp_flags && (*frame.tcp_flags & (tcp_syn | tcp_ack | tcp_rst)) == tcp_ack;
}

} // namespace

LatencyReport latency_report(const LatencyHistogram &latency) {
    return {.p50 = latency.percentile(p50),
            .p90 = latency.percentile(p90),
            .p99 = latency.percentile(p99),
            .p999 = latency.percentile(p999),
            .max = latency.max()};
}

struct Replay::State {
    State(Simulator &detector, ReplayOptions given) :
        simulator(&detector),
        options(given),
        detection(detector.options()),
        schedule(detection),
        ledger(detection),
        fitter(detector.max_frame_size()) {}

    void move_clock(std::uint64_t time_ns);
    void set_program_clock() const;
    std::uint64_t program_ns() const;
    std::optional<std::uint64_t> block_end(std::uint64_t at_ns) const;
    void expire();
    void expire_if_due();
    void expire_by_wall();
    void observe(const Dissection &dissection);
    void account(const CapturedFrame &frame, const Dissection &dissection, const RunResult &result);
    void account_block(SourceLedger::Index source, std::uint64_t frame,
                       const Dissection &dissection);
    void note_unblocked(const Prefix &source) {
        const std::uint64_t now_ns = clock_ns.value_or(0);
        ledger.unblocked(ledger.entry(source, now_ns), now_ns);
    }
    RegistryView look_at_registry() const;
    Counters counters_of_capture() const;

    Simulator *simulator;
    ReplayOptions options;
    DetectorOptions detection;
    ExpirySchedule schedule;
    SourceLedger ledger;
    FrameFitter fitter;
    LatencyHistogram latency;
    CaptureBooks books;
    std::optional<std::uint64_t> clock_ns; ///< nothing: before the first frame or action
    std::chrono::steady_clock::time_point last_wall_pass = std::chrono::steady_clock::now();
};

/// The first time ever starts the clock; it never runs backwards.
void Replay::State::move_clock(std::uint64_t time_ns) {
    if (!clock_ns) {
        clock_ns = time_ns;
        schedule.start(time_ns);
    }
    clock_ns = std::max(*clock_ns, time_ns);
}

void Replay::State::set_program_clock() const {
    if (options.clock == Clock::capture && clock_ns) simulator->set_time(*clock_ns);
}

std::uint64_t Replay::State::program_ns() const {
    return options.clock == Clock::capture ? clock_ns.value_or(0) : simulator->time_ns();
}

std::optional<std::uint64_t> Replay::State::block_end(std::uint64_t at_ns) const {
    if (!detection.block_for) return std::nullopt;
    return at_ns + static_cast<std::uint64_t>(detection.block_for->count());
}

void Replay::State::expire_by_wall() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_wall_pass < detection.expire_interval) return;
    last_wall_pass = now;
    simulator->expire();
}

void Replay::State::expire() {
    const ExpiryReport pass = simulator->expire();
    schedule.ran(pass);
    const ExpiryReport before = std::exchange(books.expiry, pass);
    books.expiry.sources_freed += before.sources_freed;
    books.expiry.blocks_freed += before.blocks_freed;
    books.expiry.blocks_lifted += before.blocks_lifted;
}

/// Leaves the program's clock at the current time.
void Replay::State::expire_if_due() {
    if (options.clock == Clock::wall) return expire_by_wall();
    if (const auto pass_ns = schedule.due(*clock_ns)) {
        simulator->set_time(*pass_ns);
        expire();
    }
    set_program_clock();
}

void Replay::State::observe(const Dissection &dissection) {
    if (!is_answer(dissection)) return;
    const auto source = ledger.mention(source_of(*dissection.destination, detection.ipv6_prefix));
    ledger.ports().answer(source, *dissection.source_port);
}

void Replay::State::account(const CapturedFrame &frame, const Dissection &dissection,
                            const RunResult &result) {
    ++books.verdicts.at(static_cast<std::size_t>(result.verdict));
    latency.add(result.duration_ns);
    if (!dissection.source) return;

    const Prefix tracked = source_of(*dissection.source, detection.ipv6_prefix);
    const auto source = ledger.entry(tracked, *clock_ns);
    const std::uint16_t port = dissection.destination_port.value_or(0);
    const bool probe = was_probe(result.reason, dissection);
    ledger.packet(source, probe, result.verdict == Verdict::drop);
    if (probe) ledger.ports().probe(source, port, result.verdict == Verdict::pass);
    if (is_acknowledgement(dissection)) ledger.ports().acknowledge(source, port);
    switch (result.reason) {
    case Reason::known:
        ledger.refreshed(source, program_ns());
        break;
    case Reason::recorded:
        ledger.recorded(source, port, result.new_record, program_ns());
        if (result.new_record) schedule.inserted(tracked.address.is_ipv6(), *clock_ns);
        break;
    case Reason::threshold:
        account_block(source, frame.number, dissection);
        break;
    default:
        break;
    }
}

void Replay::State::account_block(SourceLedger::Index source, std::uint64_t frame,
                                  const Dissection &dissection) {
    BlockReport block{.at_ns = *clock_ns,
                      .frame = frame,
                      .trigger_port = dissection.destination_port,
                      .until_ns = block_end(*clock_ns)};
    const std::vector<BlockEvent> events = simulator->take_events();
    if (!events.empty()) block.trigger_port = events.back().trigger_port;
    const auto ports = events.empty() ? std::vector<std::uint16_t>{} : events.back().ports;
    ledger.blocked(source, block, ports, program_ns());
    if (options.details) books.events.insert(books.events.end(), events.begin(), events.end());
    schedule.blocked(dissection.source->is_ipv6(), *clock_ns);
}

RegistryView Replay::State::look_at_registry() const {
    const auto evictions = simulator->counters().find("evictions");
    return {.now_ns = program_ns(),
            .records = simulator->sources(),
            .evictions = evictions.value_or(0) != 0};
}

Counters Replay::State::counters_of_capture() const {
    Counters counters = simulator->counters();
    for (std::size_t key = 0; key < counters.values.size(); ++key) {
        // A size and not a count: set by each expiry pass.
        if (key != PORTSCAN_REGISTRY_SIZE) counters.values[key] -= books.counters_before[key];
    }
    return counters;
}

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
    const Dissection dissection = dissect(frame.bytes, frame.wire_length);
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
    state.expire_if_due();
    outcome.result = state.simulator->step(std::get<ByteView>(fitted));
    state.account(frame, dissection, *outcome.result);
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
                        .latency = latency_report(state.latency),
                        .sources = std::move(sources.sources),
                        .sources_omitted = sources.omitted,
                        .damage = {}};
    for (std::size_t i = 0; i < skip_count; ++i) {
        if (books.skipped[i] == 0) continue;
        report.skipped.emplace(to_string(static_cast<Skip>(i)), books.skipped[i]);
    }
    return report;
}

const LatencyHistogram &Replay::latency() const {
    return state_->latency;
}

void Replay::begin_capture() {
    State &state = *state_;
    state.books = CaptureBooks{};
    state.books.counters_before = state.simulator->counters();
    state.latency = LatencyHistogram{};
    state.ledger.begin_capture();
    state.simulator->take_events(); // of earlier packets
}

} // namespace portscan
