// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

namespace portscan {

/// Figures of several rounds, of which the middle one counts: somebody else's work spoils single
/// rounds, not most of them.
class Rounds {
  public:
    void add(double value) { values_.push_back(value); }
    bool empty() const { return values_.empty(); }
    /// 0 for no rounds, as for all below.
    double median() const;
    double spread() const; ///< largest less smallest
    /// Half of the rounds lie no further from the median than this (median absolute deviation).
    double noise() const;

  private:
    std::vector<double> values_;
};

} // namespace portscan
