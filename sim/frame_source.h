// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame.h"

#include <memory>
#include <optional>
#include <vector>

namespace portscan {

/// Frames one after the other, made when they are asked for.
class FrameSource {
  public:
    virtual ~FrameSource() = default;
    /// The next frame; nothing at the end, then and ever after.
    virtual std::optional<Frame> next() = 0;
};

/// Frames that are there already, in their order.
std::unique_ptr<FrameSource> frames_of(std::vector<Frame> frames);

/// All frames in the order of their times, those of one time in the order of the sources. Holds
/// one frame of each source. A source whose own times run backwards keeps its order.
std::unique_ptr<FrameSource> merge(std::vector<std::unique_ptr<FrameSource>> sources);

} // namespace portscan
