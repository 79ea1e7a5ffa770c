// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/coverage.h"

#include <ostream>
#include <string>
#include <string_view>

namespace portscan {

/// For people: a line for each source file, then every block and every way out of a condition that
/// did not run, by its source line.
void write_coverage_table(std::ostream &out, const CoverageReport &report);

/// lcov's trace format, for genhtml. Lines of blocks that cannot be reached are left out. A line
/// that is compiled several times has the hits of that copy which ran most. `root`: what the file
/// names are led by; empty: nothing.
void write_lcov(std::ostream &out, const CoverageReport &report, const std::string &root);

inline constexpr std::string_view coverage_schema = "xdp-portscan-sim/cover/1";

/// One JSON object on one line: `schema`, `blocks`, `covered`, `covered_by_scenarios`, `exempt`,
/// `percent`, `branches`, `branches_covered` and `uncovered`, a list.
void write_coverage_json(std::ostream &out, const CoverageReport &report);

} // namespace portscan
