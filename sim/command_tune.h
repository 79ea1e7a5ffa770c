// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/sweep.h"

#include <CLI/App.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace portscan {

/// `xdp-portscan-sim tune`, as given on the command line.
struct TuneCommand {
    std::vector<std::string> labels; ///< files
    SweepRequest sweep;
    std::string object_path; ///< empty: the embedded one
    std::uint64_t may_wrong = 0;
    std::size_t jobs = 0; ///< 0: as many as CPUs
    std::size_t report_sources = 100;
    std::string json; ///< empty: none; `-`: standard output
    std::string html;
    std::vector<std::string> command_line; ///< all of it, the program's name first
};

/// Adds the subcommand; when it was given, parsing runs it and sets the exit status. The command
/// line is for the page of --html.
void setup_tune(CLI::App &app, const std::vector<std::string> &command_line, int &exit_status);

/// Tries all settings. Returns the exit status: 0, or 2 for a capture that could not be read to its
/// end. Throws OptionError for bad usage, ScenarioError for labels that cannot be used,
/// std::system_error where the kernel refuses.
int run_tune(const TuneCommand &command);

} // namespace portscan
