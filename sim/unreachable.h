// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/coverage.h"

#include <string>
#include <vector>

namespace portscan {

/// Blocks that nothing can reach, by what their source says, not by a line number: `[[block]]` of
/// the list (docs/coverage.md).
struct Unreachable {
    std::string file;
    std::vector<std::string> functions; ///< in each of which the line is
    std::string text;                   ///< of the block's first line
    std::string reason;
    std::size_t blocks = 1; ///< at most that many in a function
    unsigned line = 0;      ///< of the entry in the list
};

/// Throws ScenarioError with everything that is wrong with the file, also where it cannot be read.
std::vector<Unreachable> read_unreachable(const std::string &path);

/// Marks the blocks that the list names and that did not run. Returns what is wrong with the list:
/// entries that name no block, or only blocks that did run.
std::vector<std::string> mark_unreachable(CoverageReport &report,
                                          const std::vector<Unreachable> &list,
                                          const std::string &path);

} // namespace portscan
