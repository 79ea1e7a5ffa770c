// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace portscan {

/// Adds every detection option of option_specs() to the command line of `app`. What is given is
/// appended to `given` while parsing, so that other layers can be applied over it; `given` must
/// outlive the parsing. A list that is given several times is joined, of another option the last
/// value counts. A value out of range throws OptionError out of the parsing.
void add_detection_options(CLI::App &app, OptionOverrides &given);

} // namespace portscan
