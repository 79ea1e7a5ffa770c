// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/dissect.h"
#include "sim/expiry_schedule.h"
#include "sim/replay.h"
#include "sim/source_ledger.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace portscan {

/// Books of one capture.
struct CaptureBooks {
    std::uint64_t packets = 0;
    std::array<std::uint64_t, 5> verdicts{};
    std::array<std::uint64_t, skip_count> skipped{};
    std::uint64_t not_selected = 0;
    std::uint64_t time_held = 0;
    std::uint64_t first_ns = 0;
    Counters counters_before{};
    ExpiryReport expiry{};
    std::vector<BlockEvent> events{}; ///< with ReplayOptions::details
};

/// What is behind sim/replay.h.
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
    ExpiryReport expire();
    std::optional<ExpiryReport> expire_if_due();
    std::optional<ExpiryReport> expire_by_wall();
    void observe(const Dissection &dissection);
    void account(FrameOutcome &outcome, const Dissection &dissection);
    void account_block(SourceLedger::Index source, FrameOutcome &outcome,
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
    ReplayLatency latency;
    FloorSampling floor;
    std::optional<BlockEvent> block; ///< the latest one
    CaptureBooks books;
    std::optional<std::uint64_t> clock_ns; ///< nothing: before the first frame or action
    std::chrono::steady_clock::time_point last_wall_pass = std::chrono::steady_clock::now();
};

} // namespace portscan
