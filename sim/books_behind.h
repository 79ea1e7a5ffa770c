// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame_runs.h"
#include "sim/replay.h"

#include <deque>
#include <mutex>
#include <span>
#include <vector>

namespace portscan {

/// Runs frames on one thread and keeps the books of them on another, some hundred frames later.
class BooksBehind {
  public:
    /// Until all that was run is settled, nothing else may be asked of the replay.
    explicit BooksBehind(Replay &replay) : replay_{replay} {}

    void run(std::span<const CapturedFrame> frames);
    /// The same frames in the same order, on the other thread.
    void settle(std::span<const CapturedFrame> frames);

  private:
    FrameRuns take_spare();

    Replay &replay_;
    std::mutex mutex_{};
    std::deque<FrameRuns> unsettled_{}; ///< under the mutex, as those below
    std::vector<FrameRuns> spares_{};   ///< for their memory
};

} // namespace portscan
