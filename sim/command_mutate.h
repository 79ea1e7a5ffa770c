// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"

#include <CLI/App.hpp>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace portscan {

/// `xdp-portscan-sim mutate`, as given on the command line.
struct MutateCommand {
    std::vector<std::string> paths; ///< scenario files, and folders of them
    OptionOverrides options;
    std::string object_path;
    double min_kill = 0;    ///< percent of the mutants that differ
    std::size_t sample = 0; ///< mutants to try; 0: all
    std::uint64_t seed = 1;
    std::size_t rounds = 0;  ///< of drawn traffic against the model, beside the scenarios
    bool stages = false;     ///< those of `cover` too
    std::string only;        ///< mutants of this source file; empty: of all
    std::string again;       ///< JSON of an earlier run: what survived there; empty: all
    std::size_t jobs = 0;    ///< threads; 0: one for each CPU
    std::string equivalents; ///< list of mutants that are no mistakes; empty: none
    std::string json;        ///< empty: none; `-`: standard output, in place of text
};

/// Adds the subcommand; when it was given, parsing runs it and sets the exit status.
void setup_mutate(CLI::App &app, int &exit_status);

/// Runs the scenarios on mutants and writes which survive to `out`. Returns the exit status: 0, 1
/// where too few are killed or the list of equivalent ones does not hold, 2 for scenarios that
/// cannot be read or do not come out without any mutation. Throws OptionError, ScenarioError,
/// std::system_error.
int run_mutate(const MutateCommand &command, std::ostream &out);

} // namespace portscan
