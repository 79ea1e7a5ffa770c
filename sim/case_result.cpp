// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/case_result.h"

#include "sim/replay_context.h"

#include <fmt/format.h>

namespace portscan {

std::string describe(const Mismatch &mismatch) {
    return fmt::format("{}: expected {}, got {}", mismatch.what, mismatch.expected, mismatch.got);
}

std::string describe_frame(const Mismatch &mismatch) {
    if (!mismatch.frame) return "";
    const FrameNote &frame = *mismatch.frame;
    return fmt::format("{}: {} at {} ({}): {}",
                       mismatch.fell_short ? "last frame that counts" : "first frame that differs",
                       frame.number, format_seconds(frame.time_ns), frame.summary, frame.outcome);
}

} // namespace portscan
