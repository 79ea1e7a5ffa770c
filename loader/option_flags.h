// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <span>

namespace portscan {

/// Adds every detection option of option_specs() to the command line of `app`. What is given is
/// appended to `given` while parsing, so that other layers can be applied over it; `given` must
/// outlive the parsing. A list that is given several times is joined, of another option the last
/// value counts. A value out of range throws OptionError out of the parsing.
void add_detection_options(CLI::App &app, OptionOverrides &given);

/// Refuses `--html=` and `--html ""`, which may be a variable of a script that is not set: CLI11
/// would take the next argument as the value of the first. Of `arguments`, as main() has them,
/// those before `--`; of `app`, options whose value is a FILE, a DIR or a TIME. Before parsing.
/// Throws OptionError.
void refuse_empty_values(CLI::App &app, std::span<char *const> arguments);

/// Refuses `--dry-run=maybe`, of which CLI11 says nothing that helps, and `--dry-run=0x`, which it
/// takes for a number: a switch is true or false (yes, no, on, off, 1, 0). Before parsing. Throws
/// OptionError.
void refuse_unclear_switches(const CLI::App &app, std::span<char *const> arguments);

} // namespace portscan
