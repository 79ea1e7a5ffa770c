// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame_runs.h"
#include "sim/replay.h"

#include <cstddef>
#include <deque>
#include <mutex>
#include <span>
#include <vector>

namespace portscan {

/// Runs frames on one thread and keeps the books of them on another, batches later.
class BooksBehind {
  public:
    /// Until all that was run is settled, nothing else may be asked of the replay.
    explicit BooksBehind(Replay &replay) : replay_{replay} {}

    /// Of a batch, from its first frame on in one or more calls: as Replay::run().
    std::size_t run(std::span<const CapturedFrame> frames) { return replay_.run(frames, current_); }
    /// The batch is run, or its first frames are, and no more of it will be.
    void hand_over();
    /// The next batch that was handed over, from its first frame on; on the other thread. Throws
    /// std::logic_error where there is none.
    void settle(std::span<const CapturedFrame> batch);

  private:
    Replay &replay_;
    FrameRuns current_{};
    std::mutex mutex_{};
    std::deque<FrameRuns> unsettled_{}; ///< under the mutex, as those below
    std::vector<FrameRuns> spares_{};   ///< for their memory
};

} // namespace portscan
