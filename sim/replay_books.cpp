// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/replay_books.h"

#include "sim/dissection_of.h"

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

FrameOutcome ReplayBooks::settle(const CapturedFrame &frame, const FrameRun &run,
                                 std::vector<RareOutcome> &rare) {
    FrameOutcome outcome{
        .number = frame.number, .time_ns = run.time_ns, .result = run.result, .skip = run.skip};
    if (run.rare != 0) outcome.pass = rare[run.rare - 1].pass;
    const DissectionOf dissection{frame};
    observe(*dissection);
    if (run.result) account(outcome, *dissection, run, rare);
    return outcome;
}

void ReplayBooks::observe(const Dissection &frame) {
    if (!is_answer(frame)) return;
    const auto source = ledger.mention(source_of(*frame.destination, detection_.ipv6_prefix));
    ledger.ports().answer(source, *frame.source_port);
}

std::optional<std::uint64_t> ReplayBooks::block_end(std::uint64_t at_ns) const {
    if (!detection_.block_for) return std::nullopt;
    return at_ns + static_cast<std::uint64_t>(detection_.block_for->count());
}

void ReplayBooks::account(FrameOutcome &outcome, const Dissection &dissection, const FrameRun &run,
                          std::vector<RareOutcome> &rare) {
    const RunResult &result = *outcome.result;
    ++verdicts.at(static_cast<std::size_t>(result.verdict));
    latency.add(result.duration_ns);
    if (!dissection.source) return;

    const Prefix tracked = source_of(*dissection.source, detection_.ipv6_prefix);
    const auto source = ledger.entry(tracked, run.time_ns);
    const std::uint16_t port = dissection.destination_port.value_or(0);
    const bool probe = was_probe(result.reason, dissection);
    ledger.packet(source, probe, result.verdict == Verdict::drop);
    if (probe) ledger.ports().probe(source, port, result.verdict == Verdict::pass);
    if (is_acknowledgement(dissection)) ledger.ports().acknowledge(source, port);
    switch (result.reason) {
    case Reason::known:
        ledger.refreshed(source, run.program_ns);
        break;
    case Reason::recorded:
        outcome.block_over = ledger.recorded(source, port, result.new_record, run.program_ns);
        break;
    case Reason::threshold:
        account_block(source, outcome, dissection, run, rare.at(run.rare - 1).events);
        break;
    default:
        break;
    }
}

void ReplayBooks::account_block(SourceLedger::Index source, FrameOutcome &outcome,
                                const Dissection &dissection, const FrameRun &run,
                                std::vector<BlockEvent> &of_block) {
    BlockReport report{.at_ns = run.time_ns,
                       .frame = outcome.number,
                       .trigger_port = dissection.destination_port,
                       .until_ns = block_end(run.time_ns)};
    if (!of_block.empty()) report.trigger_port = of_block.back().trigger_port;
    const auto ports = of_block.empty() ? std::vector<std::uint16_t>{} : of_block.back().ports;
    ledger.blocked(source, report, ports, run.program_ns);
    if (details_) events.insert(events.end(), of_block.begin(), of_block.end());
    if (of_block.empty()) return; // the ring was full
    block_ = std::move(of_block.back());
    outcome.block = &*block_;
    outcome.blocked_until = report.until_ns;
}

void ReplayBooks::begin_capture() {
    verdicts = {};
    events.clear();
    latency = LatencyHistogram{};
    ledger.begin_capture();
}

} // namespace portscan
