// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "sim/capture.h"
#include "sim/replay.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// One frame of a second run, as a witness sees it.
struct WitnessView {
    const CapturedFrame &frame;
    const FrameOutcome &outcome;
    const Simulator &simulator;
    std::optional<Prefix> source; ///< none: not IP
};

enum class Sighting : std::uint8_t {
    no,
    counts,  ///< toward what may fall short: the frame to name unless a later one is better
    differs, ///< the frame to name unless a later one differs too
    settled  ///< it differs; the witness is not asked again
};

/// Finds the frame at which a run departs from what was expected. Asked for each frame in order.
using Witness = std::function<Sighting(const WitnessView &)>;

/// For a key of `[expect]`: the frame that takes it beyond `expected`, else the last that raised
/// it.
Witness total_witness(std::string_view key, std::uint64_t expected);
/// For a field of a source, by the words that were expected and that came out.
Witness source_witness(const Prefix &source, std::string_view key,
                       const std::vector<std::string> &expected,
                       const std::vector<std::string> &got);
/// The frame of that number.
Witness frame_witness(std::uint64_t number);

} // namespace portscan
