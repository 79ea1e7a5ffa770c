// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/fuzz.h"

#include <CLI/App.hpp>
#include <ostream>
#include <string>

namespace portscan {

/// `xdp-portscan-sim fuzz`, as given on the command line.
struct FuzzCommand {
    FuzzSettings settings;
    std::string folder = "."; ///< for the files of a difference
    std::string json;         ///< file for the result; `-`: standard output, in place of text
};

/// Adds the subcommand; when it was given, parsing runs it and sets the exit status.
void setup_fuzz(CLI::App &app, int &exit_status);

/// Fuzzes, and of a difference writes capture and scenario. Returns 0, or 1 where detector and
/// model differ. Throws OptionError for bad options and folders, std::system_error where the kernel
/// refuses.
int run_fuzz(const FuzzCommand &command, std::ostream &out);

} // namespace portscan
