// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"
#include "sim/simulator.h"

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace portscan {

/// `xdp-portscan-sim replay`, as given on the command line.
struct ReplayCommand {
    std::vector<std::string> captures; ///< and folders of them
    OptionOverrides given;             ///< detection options
    SimulatorSettings simulator;
    std::string filter;                 ///< pcap filter; empty: everything
    std::optional<std::string> hosts{}; ///< replays for each of them; nothing: one replay
    std::optional<std::string> host_max_sources{};
    bool continues = false; ///< state and clock go on from capture to capture
    bool fail_on_block = false;
    bool verbose = false; ///< a line for each change of state
    unsigned jobs = 1;    ///< captures at a time
    std::uint64_t report_sources = 100'000;
    std::string json; ///< empty: none; `-`: standard output
    std::string write_dropped;
    std::string write_passed;
    std::string annotate;
    std::string html;
    std::vector<std::string> command_line; ///< all of it, the program's name first
};

/// Adds the subcommand; when it was given, parsing runs it and sets the exit status. The command
/// line is for the page of --html.
void setup_replay(CLI::App &app, const std::vector<std::string> &command_line, int &exit_status);

/// Replays the captures. Returns the exit status: 0, or the worst of 1 (a block,
/// with --fail-on-block) and 2 (a capture that cannot be read to its end). Throws OptionError for
/// bad usage, std::system_error where the kernel refuses.
int run_replay(const ReplayCommand &command);

} // namespace portscan
