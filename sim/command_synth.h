// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/traffic.h"

#include <CLI/App.hpp>
#include <string>

namespace portscan {

/// `xdp-portscan-sim synth`, as given on the command line.
struct SynthCommand {
    std::string scenario; ///< empty: `traffic` says what
    TrafficSpec traffic{};
    bool traffic_given = false; ///< any of its keys
    std::string output;         ///< `-`: standard output
};

/// Adds the subcommand; when it was given, parsing runs it and sets the exit status.
void setup_synth(CLI::App &app, int &exit_status);

/// Writes the frames as a capture, and one line about them to standard error. Returns 0, or 2 after
/// saying what is wrong with the scenario. Throws OptionError for bad usage, CaptureError where the
/// capture cannot be written.
int run_synth(const SynthCommand &command);

} // namespace portscan
