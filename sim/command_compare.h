// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/compare_inputs.h"

#include <CLI/App.hpp>
#include <cstdint>
#include <string>

namespace portscan {

/// `xdp-portscan-sim compare`, as given on the command line.
struct CompareCommand {
    CompareRequest request{};
    std::uint64_t report_frames = 1'000; ///< changed frames in the JSON, of each input
    std::string json;                    ///< empty: none; `-`: standard output
    std::string annotate;
};

/// Adds the subcommand; when it was given, parsing runs it and sets the exit status.
void setup_compare(CLI::App &app, int &exit_status);

/// Compares. Returns the exit status: 0, or the worst of 1 (something changes) and 2 (an input that
/// cannot be read to its end). Throws OptionError for bad usage, std::system_error where the kernel
/// refuses.
int run_compare(const CompareCommand &command);

} // namespace portscan
