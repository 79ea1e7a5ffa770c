// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/expiry_schedule.h"
#include "sim/frame_fitter.h"
#include "sim/frame_runs.h"
#include "sim/replay.h"
#include "sim/replay_books.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace portscan {

/// Of one capture, what running its frames counts.
struct CaptureCounts {
    std::uint64_t packets = 0;
    std::array<std::uint64_t, skip_count> skipped{};
    std::uint64_t not_selected = 0;
    std::uint64_t time_held = 0;
    std::uint64_t first_ns = 0;
    Counters counters_before{};
    ExpiryReport expiry{};
};

/// What is behind sim/replay.h: `books` for whoever settles, all else for whoever runs.
struct Replay::State {
    State(Simulator &detector, ReplayOptions given) :
        simulator(&detector),
        options(given),
        detection(detector.options()),
        schedule(detection),
        fitter(detector.max_frame_size()),
        books(std::make_unique<ReplayBooks>(detection, options.details)) {}

    /// Into a run that holds nothing yet.
    void run(const CapturedFrame &frame, FrameRun &run, std::vector<RareOutcome> &rare);

    void move_clock(std::uint64_t time_ns);
    void set_program_clock() const;
    std::uint64_t program_ns() const;
    ExpiryReport expire();
    std::optional<ExpiryReport> expire_if_due();
    std::optional<ExpiryReport> expire_by_wall();
    void schedule_expiry(const RunResult &result, const Dissection &dissection);
    void note_unblocked(const Prefix &source) {
        const std::uint64_t now_ns = clock_ns.value_or(0);
        books->ledger.unblocked(books->ledger.entry(source, now_ns), now_ns);
    }
    std::vector<SourceRecord> records_to_report() const;
    RegistryView look_at_registry() const;
    Counters counters_of_capture() const;

    Simulator *simulator;
    ReplayOptions options;
    DetectorOptions detection;
    ExpirySchedule schedule;
    FrameFitter fitter;
    LatencyHistogram floor_latency;
    FloorSampling floor;
    CaptureCounts counts;
    std::optional<std::uint64_t> clock_ns; ///< nothing: before the first frame or action
    std::chrono::steady_clock::time_point last_wall_pass = std::chrono::steady_clock::now();
    FrameRuns runs; ///< of feed()
    std::unique_ptr<ReplayBooks> books;
};

} // namespace portscan
