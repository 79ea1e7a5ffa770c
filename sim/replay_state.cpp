// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/replay_state.h"

#include "bpf/portscan.h"
#include "sim/dissection_of.h"

#include <algorithm>
#include <utility>

namespace portscan {

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

std::optional<ExpiryReport> Replay::State::expire_by_wall() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_wall_pass < detection.expire_interval) return std::nullopt;
    last_wall_pass = now;
    return simulator->expire();
}

ExpiryReport Replay::State::expire() {
    const ExpiryReport pass = simulator->expire();
    schedule.ran(pass);
    const ExpiryReport before = std::exchange(counts.expiry, pass);
    counts.expiry.sources_freed += before.sources_freed;
    counts.expiry.blocks_freed += before.blocks_freed;
    counts.expiry.blocks_lifted += before.blocks_lifted;
    return pass;
}

/// Leaves the program's clock where it was.
std::optional<ExpiryReport> Replay::State::expire_if_due() {
    if (options.clock == Clock::wall) return expire_by_wall();
    const auto pass_ns = schedule.due(*clock_ns);
    if (!pass_ns) return std::nullopt;
    simulator->set_time(*pass_ns);
    return expire();
}

void Replay::State::run(const CapturedFrame &frame, FrameRun &run, std::vector<RareOutcome> &rare) {
    if (clock_ns && frame.time_ns < *clock_ns) ++counts.time_held;
    move_clock(frame.time_ns);
    if (counts.packets++ == 0) counts.first_ns = *clock_ns;

    run.time_ns = *clock_ns;
    if (!frame.selected) {
        ++counts.not_selected;
        return;
    }
    const DissectionOf dissection{frame};
    const auto fitted = fitter.fit(frame, dissection->decisive_length);
    if (const Skip *const skip = std::get_if<Skip>(&fitted)) {
        run.skip = *skip;
        ++counts.skipped.at(static_cast<std::size_t>(*skip));
        return;
    }
    std::optional<ExpiryReport> pass;
    if (options.clock == Clock::wall || schedule.may_be_due(*clock_ns)) pass = expire_if_due();
    set_program_clock();
    const ByteView bytes = std::get<ByteView>(fitted);
    run.result = simulator->step(bytes);
    run.program_ns = program_ns();
    schedule_expiry(*run.result, *dissection);
    if (options.floor && floor.due()) floor_latency.add(simulator->floor_ns(bytes));
    const bool blocked = run.result->reason == Reason::threshold;
    if (pass || blocked) {
        rare.push_back({pass, blocked ? simulator->take_events() : std::vector<BlockEvent>{}});
        run.rare = static_cast<std::uint32_t>(rare.size());
    }
}

/// At once, because it decides whether a pass comes before the next frame.
void Replay::State::schedule_expiry(const RunResult &result, const Dissection &dissection) {
    if (!dissection.source) return;
    const bool ipv6 = dissection.source->is_ipv6();
    if (result.reason == Reason::recorded && result.new_record) schedule.inserted(ipv6, *clock_ns);
    if (result.reason == Reason::threshold) schedule.blocked(ipv6, *clock_ns);
}

/// Only those of blocked sources where no others are reported and these are few: a system call for
/// each, against one for thousands.
std::vector<SourceRecord> Replay::State::records_to_report() const {
    constexpr std::size_t few = 1'000;
    if (options.report_sources != 0) return simulator->sources();
    const std::vector<Prefix> blocked = books->ledger.ever_blocked();
    if (blocked.size() > few) return simulator->sources();
    std::vector<SourceRecord> records;
    for (const Prefix &source : blocked)
        if (const auto record = simulator->source(source)) records.push_back(*record);
    return records;
}

RegistryView Replay::State::look_at_registry() const {
    const auto evictions = simulator->counters().find("evictions");
    return {.now_ns = program_ns(),
            .records = records_to_report(),
            .evictions = evictions.value_or(0) != 0};
}

Counters Replay::State::counters_of_capture() const {
    Counters counters = simulator->counters();
    for (std::size_t key = 0; key < counters.values.size(); ++key) {
        // A size and not a count: set by each expiry pass.
        if (key != PORTSCAN_REGISTRY_SIZE) counters.values[key] -= counts.counters_before[key];
    }
    return counters;
}

} // namespace portscan
