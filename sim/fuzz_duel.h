// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/fuzz_step.h"
#include "sim/model.h"
#include "sim/simulator.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace portscan {

/// Where detector and model part.
struct FuzzDifference {
    std::size_t step = 0;           ///< index of the step after which it shows
    std::string what;               ///< `outcome`, `record of 10.0.0.1`, `counter probes` ...
    std::string expected;           ///< what the model says
    std::string got;                ///< what the detector did
    std::optional<Prefix> source{}; ///< whose record it is about
    bool is_outcome = false;        ///< verdict or reason of a frame
};

/// How often all records, counters and events are compared, which takes as long as a hundred
/// frames; outcomes, and the record of a frame's source, are compared at each step.
struct DuelSettings {
    bool outcomes_only = false;            ///< passes over every other difference
    std::size_t everything_each = 512;     ///< steps
    std::uint64_t insertions = UINT64_MAX; ///< of the model, after which the trace is left
    std::function<void()> tick{};          ///< once for each frame
};

struct DuelResult {
    std::optional<FuzzDifference> difference;
    std::size_t steps = 0; ///< played and compared
};

/// Plays the trace on both, step by step, up to the first difference. The simulator holds what the
/// model holds: nothing but its options. Throws std::system_error where the kernel refuses.
DuelResult duel(Simulator &simulator, Model &model, const FuzzTrace &trace,
                const DuelSettings &settings = {});

/// Plays one step on the model alone. The outcome of a frame; nothing for an action.
std::optional<ModelOutcome> play(Model &model, const FuzzStep &step);

/// Makes a simulator that played the trace as good as new: empties registry and allowlist, but for
/// the entries of its options. Counters go on.
void reset(Simulator &simulator, const FuzzTrace &trace);

} // namespace portscan
