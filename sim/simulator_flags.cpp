// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/simulator_flags.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

namespace portscan {
namespace {

Clock parse_clock(const std::string &name) {
    if (name == "capture") return Clock::capture;
    if (name == "wall") return Clock::wall;
    throw CLI::ValidationError("--clock", fmt::format("'{}' is not one of capture, wall", name));
}

} // namespace

void add_simulator_options(CLI::App &app, SimulatorSettings &settings) {
    app.add_option("--object", settings.object_path, "run this detector, not the embedded one")
        ->type_name("FILE");
    app.add_option_function<std::string>(
           "--clock", [&settings](const std::string &name) { settings.clock = parse_clock(name); },
           "the program's time is that of the packets, or wall: the program exactly as loaded")
        ->type_name("CLOCK")
        ->default_str("capture");
}

} // namespace portscan
