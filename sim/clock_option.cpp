// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/clock_option.h"

#include <fmt/format.h>
#include <string>
#include <string_view>

namespace portscan {
namespace {

Clock parse_clock(std::string_view name) {
    if (name == "capture") return Clock::capture;
    if (name == "wall") return Clock::wall;
    throw OptionError(fmt::format("clock: '{}' is not one of capture, wall", name));
}

} // namespace

void add_clock_option(CLI::App &app, Clock &clock) {
    app.add_option_function<std::string>(
           "--clock", [&clock](const std::string &name) { clock = parse_clock(name); },
           "the program's time is that of the frames, or wall: the program exactly as loaded")
        ->type_name("CLOCK")
        ->default_str("capture");
}

} // namespace portscan
