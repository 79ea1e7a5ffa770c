// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/equivalent_mutants.h"
#include "sim/mutant.h"
#include "sim/mutation_campaign.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace portscan {

/// What `mutate` found out.
struct MutationReport {
    std::string object_sha256;
    std::size_t cases = 0; ///< scenarios, rounds and stages that every mutant had to pass
    std::size_t found = 0; ///< mutants there are
    std::size_t tried = 0; ///< of them: all, or a sample
    std::uint64_t seed = 0;
    std::size_t refused = 0;    ///< by the verifier
    std::size_t killed = 0;     ///< by whatever
    std::size_t on_stage = 0;   ///< of those: by stages alone
    std::size_t equivalent = 0; ///< survivors on the list
    std::vector<Mutant> survivors{};
    std::vector<bool> unreached{};       ///< for each survivor: no scenario gets to it
    std::vector<std::string> problems{}; ///< of the list

    /// Killed in percent of those killed and survived: the verifier's and the equivalent ones
    /// count for nobody. 100 where there is none of either.
    double rate() const;
};

MutationReport make_report(const std::vector<Mutant> &mutants, const std::vector<Fate> &fates,
                           const std::vector<EquivalentMutants> &list, const std::string &list_path,
                           bool all);

/// The survivors, each with its source line, and the figures.
void write_text(std::ostream &out, const MutationReport &report);
/// One line: an object (docs/mutation.md).
void write_json(std::ostream &out, const MutationReport &report);

} // namespace portscan
