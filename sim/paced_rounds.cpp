// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/paced_rounds.h"

#include "sim/rounds.h"

#include <algorithm>
#include <span>

namespace portscan {
namespace {

PacedCost cost_of(std::span<const PacedRound> rounds) {
    Rounds ns;
    Rounds additions;
    for (const PacedRound &round : rounds) {
        ns.add(round.ns);
        additions.add(round.additions_per_cycle);
    }
    return {{.ns = ns.median(), .additions_per_cycle = additions.median()}, rounds.size()};
}

} // namespace

PacedQuarters quarters_of(std::vector<PacedRound> rounds) {
    std::sort(rounds.begin(), rounds.end(), [](const PacedRound &one, const PacedRound &other) {
        return one.additions_per_cycle < other.additions_per_cycle;
    });
    const std::size_t quarter = (rounds.size() + 3) / 4;
    const std::span<const PacedRound> all{rounds};
    return {.most_of_core = cost_of(all.last(quarter)),
            .least_of_core = cost_of(all.first(quarter))};
}

} // namespace portscan
