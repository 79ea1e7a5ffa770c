// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/replay_state.h"

#include "bpf/portscan.h"

#include <algorithm>
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

/// What completes a handshake, and goes on in it.
bool is_acknowledgement(const Dissection &frame) {
    return frame.tcp_flags && (*frame.tcp_flags & (tcp_syn | tcp_ack | tcp_rst)) == tcp_ack;
}

} // namespace

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

std::optional<ExpiryReport> Replay::State::expire_by_wall() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_wall_pass < detection.expire_interval) return std::nullopt;
    last_wall_pass = now;
    return simulator->expire();
}

ExpiryReport Replay::State::expire() {
    const ExpiryReport pass = simulator->expire();
    schedule.ran(pass);
    const ExpiryReport before = std::exchange(books.expiry, pass);
    books.expiry.sources_freed += before.sources_freed;
    books.expiry.blocks_freed += before.blocks_freed;
    books.expiry.blocks_lifted += before.blocks_lifted;
    return pass;
}

/// Leaves the program's clock at the current time.
std::optional<ExpiryReport> Replay::State::expire_if_due() {
    if (options.clock == Clock::wall) return expire_by_wall();
    std::optional<ExpiryReport> pass;
    if (const auto pass_ns = schedule.due(*clock_ns)) {
        simulator->set_time(*pass_ns);
        pass = expire();
    }
    set_program_clock();
    return pass;
}

void Replay::State::observe(const Dissection &dissection) {
    if (!is_answer(dissection)) return;
    const auto source = ledger.mention(source_of(*dissection.destination, detection.ipv6_prefix));
    ledger.ports().answer(source, *dissection.source_port);
}

void Replay::State::account(FrameOutcome &outcome, const Dissection &dissection) {
    const RunResult &result = *outcome.result;
    ++books.verdicts.at(static_cast<std::size_t>(result.verdict));
    latency.detector.add(result.duration_ns);
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
        outcome.block_over = ledger.recorded(source, port, result.new_record, program_ns());
        if (result.new_record) schedule.inserted(tracked.address.is_ipv6(), *clock_ns);
        break;
    case Reason::threshold:
        account_block(source, outcome, dissection);
        break;
    default:
        break;
    }
}

void Replay::State::account_block(SourceLedger::Index source, FrameOutcome &outcome,
                                  const Dissection &dissection) {
    std::vector<BlockEvent> events = simulator->take_events();
    BlockReport report{.at_ns = *clock_ns,
                       .frame = outcome.number,
                       .trigger_port = dissection.destination_port,
                       .until_ns = block_end(*clock_ns)};
    if (!events.empty()) report.trigger_port = events.back().trigger_port;
    const auto ports = events.empty() ? std::vector<std::uint16_t>{} : events.back().ports;
    ledger.blocked(source, report, ports, program_ns());
    schedule.blocked(dissection.source->is_ipv6(), *clock_ns);
    if (options.details) books.events.insert(books.events.end(), events.begin(), events.end());
    if (events.empty()) return; // the ring was full
    block = std::move(events.back());
    outcome.block = &*block;
    outcome.blocked_until = report.until_ns;
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

} // namespace portscan
