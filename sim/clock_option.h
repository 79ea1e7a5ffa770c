// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/simulator.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace portscan {

/// Adds `--clock capture|wall` to the command line of `app`; `clock` must outlive the parsing.
/// Another value throws OptionError out of it.
void add_clock_option(CLI::App &app, Clock &clock);

} // namespace portscan
