// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame_fitter.h"
#include "sim/simulator.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace portscan {

/// What running one frame gave.
struct FrameRun {
    std::uint64_t time_ns = 0;    ///< of the capture, held where it runs backwards
    std::uint64_t program_ns = 0; ///< the program's clock
    std::optional<RunResult> result{};
    std::optional<Skip> skip{};
    std::uint32_t rare = 0; ///< in FrameRuns::rare, from 1; 0: nothing there
};

/// What only few frames bring about.
struct RareOutcome {
    std::optional<ExpiryReport> pass{}; ///< before the frame
    std::vector<BlockEvent> events{};   ///< of the block that it made
};

/// What running frames gave, in their order, until the books are kept (sim/replay_books.h).
struct FrameRuns {
    std::vector<FrameRun> frames{};
    std::vector<RareOutcome> rare{};

    /// The last one was run after an expiry pass.
    bool passed_before_last() const {
        const std::uint32_t number = frames.back().rare;
        return number != 0 && rare[number - 1].pass;
    }
    void clear() {
        frames.clear();
        rare.clear();
    }
};

} // namespace portscan
