// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/expectation.h"
#include "sim/toml_table.h"

#include <optional>
#include <string>
#include <string_view>

namespace portscan {

/// The canonical word for a value as it is written; nothing if it is not of that kind.
std::optional<std::string> canonical_word(ValueKind kind, const std::string &text);

/// `1-3,7`, a number, or a TOML array of both; nothing if malformed or empty.
std::optional<std::vector<FrameRange>> parse_frames(const std::vector<std::string> &items);

/// Reads an `[expect]` table, `name` as messages call it. What is wrong goes to the problems.
Expectations parse_expectations(const toml::table &table, const std::string &name,
                                Problems &problems);

} // namespace portscan
