// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture.h"
#include "sim/replay.h"
#include "sim/source_text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace portscan {

/// A frame as a message shows it.
struct FrameNote {
    std::uint64_t number = 0;  ///< 1-based
    std::uint64_t time_ns = 0; ///< the program's clock
    std::string summary{};     ///< `10.0.0.1:4711 > 10.0.0.9:22 S`
    std::string outcome{};     ///< `drop (threshold)`, `not run (too_short)`
};

FrameNote note_frame(const CapturedFrame &frame, const FrameOutcome &outcome);
/// `drop (threshold)`, `not run (too_short)`, `not selected`.
std::string describe_outcome(const FrameOutcome &outcome);

/// How --bless would make one value of the file state what came out.
struct Rewrite {
    TextRange value; ///< the whole value
    std::vector<TextEdit> edits{};
};

/// One expectation that did not come out.
struct Mismatch {
    unsigned line = 0;  ///< of the expectation in the scenario file
    std::string what{}; ///< `drop`, `10.0.0.1 ports`, `verdict of frame 4`
    std::string expected{};
    std::string got{};
    /// The first frame that differs; where a count fell short, the last frame that counted.
    std::optional<FrameNote> frame{};
    bool fell_short = false;          ///< `frame` is the last that counted
    std::optional<Rewrite> rewrite{}; ///< nothing: no value of this key can state it
};

} // namespace portscan
