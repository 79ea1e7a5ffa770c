// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/scenario_run.h"

#include <CLI/App.hpp>
#include <ostream>
#include <string>
#include <vector>

namespace portscan {

/// `xdp-portscan-sim test`, as given on the command line.
struct TestCommand {
    std::vector<std::string> paths; ///< scenario files, and folders of them
    RunSettings settings;           ///< detection options, object, clock
    std::string junit;              ///< file for JUnit XML; empty: none
    std::string json;               ///< file for JSON Lines; `-`: standard output, in place of TAP
    bool fail_fast = false;         ///< run nothing more after the first that is not ok
    bool bless = false;             ///< rewrite what the files expect to what came out
};

/// Adds the subcommand; when it was given, parsing runs it and sets the exit status.
void setup_test(CLI::App &app, int &exit_status);

/// Runs the scenarios and writes TAP, or JSON, to `out`. Returns the exit status: 0, or the worst
/// of 1 (an expectation failed) and 2 (no scenario, or one that cannot be read or run). One broken
/// file does not keep the others from being run. Throws OptionError for bad options and for a file
/// of results that cannot be written, std::system_error where the kernel refuses.
int run_test(const TestCommand &command, std::ostream &out);

} // namespace portscan
