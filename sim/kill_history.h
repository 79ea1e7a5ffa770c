// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/mutant.h"

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace portscan {

/// Which cases killed which mutants: what killed a neighbour is likely to kill the next one.
class KillHistory {
  public:
    /// `cost`: of each case, by index, in whatever unit.
    explicit KillHistory(std::vector<double> cost) : cost_(std::move(cost)), total_(cost_.size()) {}

    void killed(const Mutant &mutant, std::size_t case_index);
    /// All cases, the most promising first: by how many mutants of the same line each killed, then
    /// of the same function, then at all, then by its cost.
    std::vector<std::size_t> order(const Mutant &mutant) const;

  private:
    using Counts = std::map<std::size_t, unsigned>; ///< by case
    using Line = std::pair<std::string, unsigned>;

    std::vector<double> cost_;
    std::vector<unsigned> total_;
    std::map<Line, Counts> by_line_{};
    std::map<std::string, Counts> by_function_{};
};

} // namespace portscan
