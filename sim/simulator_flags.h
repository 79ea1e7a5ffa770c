// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/simulator.h"

#include <CLI/App.hpp>

namespace portscan {

/// Adds `--object` and `--clock`, which every command that runs packets takes. `settings` must
/// outlive the parsing. An unknown clock is a CLI::ValidationError.
void add_simulator_options(CLI::App &app, SimulatorSettings &settings);

} // namespace portscan
