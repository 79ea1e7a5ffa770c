// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/scenario.h"
#include "sim/toml_table.h"

#include <optional>
#include <string>

namespace portscan {

/// Reads `capture` (with `filter`), `[[traffic]]` or `packets`. What is wrong goes to the problems.
std::optional<ScenarioInput> parse_scenario_input(TableReader &file);

/// What the columns of packet rows expect, by frame number.
std::vector<FrameExpectation> row_expectations(const std::vector<TextRow> &rows,
                                               const SourceText &source);

/// A path of the file as found from where we stand.
std::string beside(const SourceText &source, const std::string &path);

} // namespace portscan
