// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/replay.h"

namespace portscan {

/// What captures are fed to: one detector, or one for each host.
class CaptureReplay {
  public:
    CaptureReplay() = default;
    CaptureReplay(const CaptureReplay &) = delete;
    CaptureReplay &operator=(const CaptureReplay &) = delete;
    virtual ~CaptureReplay() = default;

    /// As Replay::feed(): returns how many it fed.
    virtual std::size_t feed(std::span<const CapturedFrame> frames,
                             const OutcomeVisitor &visit) = 0;
    /// The one detector's replay, whose halves may be called in place of feed(); null where each
    /// host has its own.
    virtual Replay *single() { return nullptr; }
    /// The books of the capture so far, as Replay::report().
    virtual ReplayReport report() = 0;
    /// Starts the books of another capture; state and clock go on.
    virtual void begin_capture() = 0;
    /// Forgets everything, for a capture that starts empty.
    virtual void start_over() = 0;
};

} // namespace portscan
