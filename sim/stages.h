// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/stage_detector.h"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace portscan {

/// What neither packets nor scenarios can bring about, step by step and the same each time: another
/// CPU that is faster, helpers that fail, records half-removed, full maps, a full ring.
struct StageScript {
    std::string name; ///< `IPv4: lost swaps`
    StageSetting setting{};
    bool ipv6 = false;
    bool split = false; ///< frames in two buffers
    /// Throws StageFailure where something does not come out.
    std::function<void(StageDetector &)> script{};
};

/// All of them. `storm_steps`: of each of those with pseudo-random traffic.
std::vector<StageScript> find_stages(std::size_t storm_steps);

/// Plays the stage on a detector of its setting, from the start. What can be seen after each step
/// is noted in `log`, if given. Throws StageFailure and std::system_error.
void play(const StageScript &stage, StageDetector &detector, StageLog *log = nullptr);

} // namespace portscan
