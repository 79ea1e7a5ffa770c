// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/scenario_run.h"

#include <CLI/App.hpp>
#include <ostream>
#include <string>
#include <vector>

namespace portscan {

/// `xdp-portscan-sim cover`, as given on the command line.
struct CoverCommand {
    std::vector<std::string> paths; ///< scenario files, and folders of them
    RunSettings settings;           ///< detection options, object
    std::string unreachable;        ///< file that lists what cannot be reached; empty: nothing
    std::string lcov;               ///< file for lcov's trace; empty: none
    std::string lcov_root;          ///< leads the names of source files in it
    std::string json;               ///< file for JSON; `-`: standard output, in place of the table
    double fail_under = 0;          ///< percent of the blocks
};

/// Adds the subcommand; when it was given, parsing runs it and sets the exit status.
void setup_cover(CLI::App &app, int &exit_status);

/// Runs the scenarios on programs that count, whole frames and split ones, then the stages of
/// cover_stages.h, and writes what ran to `out`. Returns the exit status: 1 where a scenario fails,
/// where less than --fail-under ran, and where the list of what is unreachable is wrong.
int run_cover(const CoverCommand &command, std::ostream &out);

} // namespace portscan
