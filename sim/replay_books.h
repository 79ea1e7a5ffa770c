// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame_runs.h"
#include "sim/replay.h"
#include "sim/source_ledger.h"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace portscan {

/// The books of a replay, kept from what the program did. Nothing that running a frame hangs on is
/// here, so that another thread may keep them meanwhile.
class alignas(64) ReplayBooks { // cache lines of its own
  public:
    ReplayBooks(const DetectorOptions &detection, bool details) :
        ledger{detection},
        detection_{detection},
        details_{details} {}

    /// A frame that was run, skipped or left out, with its run and those that are rare among them.
    /// The outcome is valid until the next call.
    FrameOutcome settle(const CapturedFrame &frame, const FrameRun &run,
                        std::vector<RareOutcome> &rare);
    /// Says who was answered.
    void observe(const Dissection &frame);
    /// When a block of that time ends; nothing: never.
    std::optional<std::uint64_t> block_end(std::uint64_t at_ns) const;
    void begin_capture();

    SourceLedger ledger;
    std::array<std::uint64_t, 5> verdicts{}; ///< by Verdict
    std::vector<BlockEvent> events{};        ///< with details
    LatencyHistogram latency{};              ///< of the detector

  private:
    void account(FrameOutcome &outcome, const Dissection &dissection, const FrameRun &run,
                 std::vector<RareOutcome> &rare);
    void account_block(SourceLedger::Index source, FrameOutcome &outcome,
                       const Dissection &dissection, const FrameRun &run,
                       std::vector<BlockEvent> &of_block);

    DetectorOptions detection_;
    bool details_;
    std::optional<BlockEvent> block_{}; ///< the latest one
};

} // namespace portscan
