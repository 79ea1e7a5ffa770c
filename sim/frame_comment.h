// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture.h"
#include "sim/replay.h"

#include <string>

namespace portscan {

/// What became of a frame, as `replay --annotate` writes it (docs/replay.md):
/// `xdp: verdict=drop reason=threshold source=10.0.0.1 port=80`, `xdp: skipped=undecidable`,
/// `xdp: not_selected`. `ipv6_prefix` makes the source of the sender.
std::string frame_comment(const CapturedFrame &frame, const FrameOutcome &outcome,
                          unsigned ipv6_prefix);

/// The same for a frame that was run twice, with `>` where the two differ:
/// `xdp: changed verdict=pass>drop reason=recorded>threshold source=10.0.0.1 port=80`.
std::string compared_comment(const CapturedFrame &frame, const FrameOutcome &before,
                             const FrameOutcome &after, unsigned ipv6_prefix);

} // namespace portscan
