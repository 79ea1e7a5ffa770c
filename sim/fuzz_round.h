// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"
#include "sim/fuzz_step.h"

#include <cstddef>
#include <cstdint>

namespace portscan {

/// One detector and what happens to it.
struct FuzzRound {
    DetectorOptions options;
    FuzzTrace trace;
};

/// Draws round number `number` of a seed: options, all but those that are given, and a trace with
/// so many frames and some actions. The same for the same arguments, everywhere. Throws OptionError
/// for options that leave too little room (see insertions_without_eviction).
FuzzRound draw_round(std::uint64_t seed, std::uint64_t number, std::size_t frames,
                     const OptionOverrides &given);

/// So many records can be made, in both families together, before the first one could be evicted
/// (docs/detection.md, "Bounded memory"): beyond that the model, which never evicts, says nothing.
std::uint64_t insertions_without_eviction(const DetectorOptions &options);

} // namespace portscan
