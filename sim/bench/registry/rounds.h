// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/bench/registry/subject.h"
#include "sim/rounds.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace portscan::bench {

/// Single runs, in ns above the median run of the empty program.
struct Distribution {
    Rounds p50, p99, p999;
};

/// How full the registry is when new sources are inserted: nothing in it, close below its bound on
/// unblocked records, and full with blocks in the other half.
inline constexpr std::array fill_names{"empty", "nearly full", "full"};

/// Costs in ns above the empty program.
struct RegistryFigures {
    Rounds known, blocked;         ///< one CPU
    Rounds known_two, blocked_two; ///< two CPUs on the same source, mean of both
    std::array<Distribution, fill_names.size()> insertion;
    std::uint64_t memory = 0; ///< bytes of the kernel's, when full
};

/// One path through the shipped detector.
struct PathFigures {
    std::string name;
    double bar = 0; ///< ns, what it must not exceed
    Rounds cost;    ///< ns above the empty program
};

struct Plan {
    Sizes sizes;
    std::uint32_t repeat = 8'000'000;  ///< runs behind a steady cost
    std::uint32_t insertions = 20'000; ///< single runs behind a distribution
};

/// One round of one candidate, added to its figures. Throws std::runtime_error where its verdicts
/// are not those of a registry.
void measure_registry(const Candidate &candidate, const Plan &plan, RegistryFigures &figures);

/// One round over the paths of the shipped detector. Fills `paths` where it is empty.
void measure_paths(const std::string &object_path, const Plan &plan,
                   std::vector<PathFigures> &paths);

} // namespace portscan::bench
