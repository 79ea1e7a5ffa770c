// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/mismatch.h"

#include <chrono>
#include <string>
#include <vector>

namespace portscan {

/// What came of one case of a scenario file, or of a file that could not be run at all.
struct CaseResult {
    std::string file;
    std::string title{};
    std::string limitation{};           ///< what a threshold cannot see; empty: none stated
    std::vector<Mismatch> mismatches{}; ///< expectations that did not come out
    /// What kept the case from being run to its end, each `file:line: what and what to do`.
    std::vector<std::string> errors{};
    std::string command{}; ///< reproduces the case
    std::chrono::nanoseconds duration{0};

    bool passed() const { return mismatches.empty() && errors.empty(); }
};

/// `drop: expected 997, got 996`.
std::string describe(const Mismatch &mismatch);
/// `first frame that differs: 4 at 0.300000000 (10.0.0.1:4711 > 10.0.0.9:22 S): drop (threshold)`;
/// empty where no frame is known.
std::string describe_frame(const Mismatch &mismatch);

} // namespace portscan
