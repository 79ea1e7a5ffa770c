// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/fuzz.h"

#include <cstddef>
#include <optional>
#include <utility>

namespace portscan {

/// The smallest round so far that shows a difference, and how to try a smaller one.
class FuzzTrial {
  public:
    /// `fresh`: loads a simulator for each try. Else one is emptied and used again, which takes a
    /// hundredth of the time and lets a detector that is wrong carry something over.
    FuzzTrial(const FuzzSettings &settings, FuzzFinding found, bool fresh);

    const FuzzFinding &best() const { return best_; }
    const FuzzRound &round() const { return best_.round; }
    /// Plays the round. If it shows a difference that is as good, which is one of outcomes where
    /// the best is, that is the best from now on, without the steps after it.
    bool take(FuzzRound round) { return take(std::move(round), best_.difference.is_outcome); }
    /// The same for a difference of outcomes alone.
    bool take_outcome(FuzzRound round) { return take(std::move(round), true); }
    /// False once too many tries were made: time to be content.
    bool goes_on() const { return tries_left_ > 0; }

  private:
    bool take(FuzzRound round, bool outcome);
    Simulator &simulator_for(const FuzzRound &round);

    const FuzzSettings &settings_;
    FuzzFinding best_;
    bool fresh_;
    std::size_t tries_left_;
    std::optional<Simulator> simulator_;
    FuzzTrace played_; ///< what the simulator has to be emptied of
};

/// Leaves steps out, as many at once as goes.
void drop_steps(FuzzTrial &trial);
/// Brings options back to their defaults, one by one.
void reset_options(FuzzTrial &trial);
/// Frames like the simplest with the same source and port; else shorter ones with more zeros.
void simplify_frames(FuzzTrial &trial);
/// Moments that start at 0, run forward, and lie no further apart than matters.
void simplify_times(FuzzTrial &trial);
/// Adds probes that make an outcome differ where so far only a record did.
void prolong(FuzzTrial &trial);

} // namespace portscan
