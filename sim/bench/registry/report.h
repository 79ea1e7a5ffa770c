// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/bench/registry/requirements.h"
#include "sim/bench/registry/rounds.h"

#include <string>
#include <vector>

namespace portscan::bench {

/// All that was found out about one candidate.
struct CandidateReport {
    Candidate candidate;
    RegistryFigures figures;
    Requirements requirements;
};

// Tables in Markdown, in ns above the empty program: the median of the rounds, where it says +/-
// with half of what lies between the least and the most.

std::string cost_table(const std::vector<CandidateReport> &reports);
std::string insertion_table(const std::vector<CandidateReport> &reports);
std::string requirements_table(const std::vector<CandidateReport> &reports, const Sizes &sizes);
std::string path_table(const std::vector<PathFigures> &paths);

/// Kernel, CPU and date.
std::string machine_line();

} // namespace portscan::bench
