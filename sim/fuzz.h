// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"
#include "loader/verdict.h"
#include "sim/fuzz_duel.h"
#include "sim/fuzz_round.h"
#include "sim/model.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace portscan {

struct FuzzSettings {
    std::uint64_t seed = 1;
    std::uint64_t packets = 300'000; ///< to be compared, over all rounds
    OptionOverrides options{};       ///< fixed; all others are drawn for each round
    std::string object_path{};       ///< empty: the embedded object
    /// Bytes in the first buffer of each frame; none: not split. A finding is shrunk without it.
    std::optional<std::size_t> linear_size{};
    std::function<void()> tick{}; ///< once for each frame, for progress
    /// Asked before each round: no further one. Empty: never.
    std::function<bool()> wants_stop{};
    /// What the detector is held against.
    std::function<Model(const DetectorOptions &)> make_model = [](const DetectorOptions &drawn) {
        return Model{drawn};
    };
};

/// The round in which detector and model differ, up to the step that shows it.
struct FuzzFinding {
    FuzzRound round;
    FuzzDifference difference;
};

struct FuzzResult {
    std::uint64_t packets = 0; ///< compared
    std::uint64_t actions = 0; ///< unblock, block, allow, disallow, expire
    std::uint64_t rounds = 0;
    std::array<std::uint64_t, reason_count> reasons{}; ///< packets by what the model said
    std::optional<FuzzFinding> finding;                ///< the first difference, as it was met
};

/// Plays drawn rounds, each on a simulator of its own, up to the first difference. Deterministic:
/// the same settings give the same result. Throws OptionError for options that cannot be fuzzed,
/// std::system_error where the kernel refuses.
FuzzResult fuzz(const FuzzSettings &settings);

} // namespace portscan
