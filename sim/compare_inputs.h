// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"
#include "sim/input_files.h"
#include "sim/scenario.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace portscan {

/// What is to be compared, on what.
struct CompareRequest {
    std::vector<std::string> inputs{};   ///< captures, scenario files, folders of these
    OptionOverrides given{};             ///< detection options of both sides
    std::optional<std::string> a{}, b{}; ///< option sets (sim/option_set.h), over all others
    std::vector<std::string> objects{};  ///< of a and b; of one, b is the embedded one
    std::string filter{};                ///< of captures
};

inline constexpr std::size_t side_count = 2;

/// What the two sides run, apart from what scenarios add.
struct ComparedSides {
    /// Throws OptionError, also where the sides are the same, and ObjectError.
    explicit ComparedSides(const CompareRequest &request);

    std::array<OptionOverrides, side_count> options{};
    std::array<std::string, side_count> objects{}; ///< empty: the embedded one
    std::array<std::string, side_count> hashes{};  ///< of the objects, SHA-256
};

/// Frames that are run on both sides.
struct ComparedInput {
    std::string name;
    ScenarioInput frames;
    std::array<DetectorOptions, side_count> options;
};

/// Captures, and the cases of scenarios, each under its own options, over which those of the sides
/// stand. Adds what was read, and what is going to be, to `files`. Throws OptionError and
/// ScenarioError.
std::vector<ComparedInput> read_inputs(const CompareRequest &request, const ComparedSides &sides,
                                       InputFiles &files);

} // namespace portscan
