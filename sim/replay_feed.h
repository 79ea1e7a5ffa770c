// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/books_behind.h"
#include "sim/capture_replay.h"
#include "sim/read_ahead.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace portscan {

/// From a capture to a replay, by as many threads as pay: with ReadAhead another one reads, and
/// keeps the books where nobody wants outcomes.
class ReplayFeed {
  public:
    struct Settings {
        OutcomeVisitor visit{}; ///< empty: nobody wants outcomes
        bool ahead = true;      ///< another thread may read
    };

    /// Reader and replay must outlive this, and be used by nobody else until finish().
    ReplayFeed(CaptureReader &reader, CaptureReplay &replay, Settings settings);

    /// One or more, dissected, and valid until the next call; none at the end.
    std::span<const CapturedFrame> next();
    /// Of those that next() gave, from the first one on in one or more calls; returns how many.
    std::size_t run(std::span<const CapturedFrame> frames);
    /// No more of what next() gave will be run.
    void done();
    /// Nothing is asked for any more: when it returns all books are kept.
    void finish();
    /// Bytes of the file behind what next() gave.
    std::uint64_t bytes_read() const;

  private:
    CaptureReader &reader_;
    CaptureReplay &replay_;
    OutcomeVisitor visit_;
    std::optional<BooksBehind> books_{};
    std::optional<ReadAhead> ahead_{}; ///< its thread keeps the books
    std::optional<CapturedFrame> frame_{};
};

} // namespace portscan
