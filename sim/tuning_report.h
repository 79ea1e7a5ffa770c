// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/tuning.h"

#include <iosfwd>
#include <string>
#include <string_view>

namespace portscan {

/// Value of `schema`; changes when a field changes its meaning or goes.
inline constexpr std::string_view tune_schema = "xdp-portscan-sim/tune/1";

/// Writes one line: the object of docs/tune.md.
void write_tuning_json(std::ostream &out, const Tuning &tuning);

/// Writes the page for people, whose data are that line. `command_line` is for people, as a shell
/// reads it.
void write_tuning_page(std::ostream &out, const Tuning &tuning, const std::string &command_line);

/// For people: the frontier as a table, the recommended setting, and whom it misses and wrongs.
std::string tuning_text(const Tuning &tuning);

} // namespace portscan
