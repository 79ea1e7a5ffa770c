// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/bench_run.h"

#include <CLI/App.hpp>
#include <ostream>
#include <string>

namespace portscan {

/// `xdp-portscan-sim bench`, as given on the command line.
struct BenchCommand {
    BenchSettings settings;
    OptionOverrides options;
    std::string baseline;  ///< file of an earlier --json; empty: none
    double tolerance = 25; ///< percent of the ratio to the empty program
    std::string json;      ///< file for JSON; `-`: standard output, in place of the table
};

/// Adds the subcommand; when it was given, parsing runs it and sets the exit status.
void setup_bench(CLI::App &app, int &exit_status);

/// Measures and reports. Returns 0, or 1 where a path got slower than the baseline permits. Throws
/// OptionError for bad options, names and files, BenchError and std::system_error where it cannot
/// be measured.
int run_bench(const BenchCommand &command, std::ostream &out);

} // namespace portscan
