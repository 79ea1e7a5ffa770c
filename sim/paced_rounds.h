// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <vector>

namespace portscan {

/// A round of a steady cost, or the medians of several.
struct PacedRound {
    double ns = 0;                  ///< above the empty program
    double additions_per_cycle = 0; ///< CpuPace, the lower one of before and after the round
};

/// The medians of some rounds.
struct PacedCost {
    PacedRound median;
    std::size_t rounds = 0;
};

struct PacedQuarters {
    PacedCost most_of_core;
    PacedCost least_of_core;
};

/// The quarter of the rounds with the highest pace, and that with the lowest; rounded up.
PacedQuarters quarters_of(std::vector<PacedRound> rounds);

} // namespace portscan
