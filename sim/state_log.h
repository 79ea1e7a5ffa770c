// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/replay.h"

#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// What a frame changed in the state of sources, one line each, led by `capture`, the frame's
/// number and time; nothing for most frames: `a.pcap: frame 4, 2010-08-13
/// 22:12:01.123456Z: 10.0.0.1 is blocked at port 80, after 443,143,3306`. Blocked, refused as a
/// block or a record, starting afresh after a block, evicted, freed by an expiry pass. `options`
/// are those of the detector.
std::vector<std::string> state_changes(std::string_view capture, const CapturedFrame &frame,
                                       const FrameOutcome &outcome, const DetectorOptions &options);

} // namespace portscan
