// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"
#include "sim/block_counters.h"
#include "sim/fuzz_round.h"
#include "sim/mutant.h"
#include "sim/scenario.h"
#include "sim/simulator.h"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace portscan {

/// A case of a scenario, or a round of drawn traffic against the model; and under which options.
struct MutantCase {
    const Scenario *scenario = nullptr; ///< none: a round
    const ScenarioCase *one = nullptr;
    const FuzzTrace *round = nullptr;
    std::size_t options = 0; ///< index in MutantPlan::options
    bool split = false;      ///< run again with all but the Ethernet header in a second buffer
};

/// The cases that mutants have to pass. Those under the same options share a simulator, so that a
/// mutant is verified once for all of them.
struct MutantPlan {
    std::vector<MutantCase> cases{};
    std::vector<DetectorOptions> options{};
    std::string object_path{};

    /// The index of these options, added where they are new.
    std::size_t index_of(const DetectorOptions &wanted);
    std::vector<std::size_t> cases_under(std::size_t options_index) const;
};

/// Which instructions of each program a case runs, by ProgramRole.
using Reach = std::array<std::vector<bool>, 2>;

/// Runs cases on mutants, on simulators of its own that are made when they are needed first. One
/// for each thread. Throws std::system_error where the environment and not a mutant is at fault.
class MutantBench {
  public:
    /// The plan must outlive the bench, and keeps the options that it has.
    explicit MutantBench(const MutantPlan &plan) : plan_(&plan) {}

    /// Puts the mutant in under these options; false where the verifier refuses it.
    bool load(std::size_t options, const Mutant &mutant);
    /// Does the case come out on what was loaded last under its options? Without anything loaded:
    /// on the detector as it is. A mutant on which the harness itself fails does not pass.
    bool passes(std::size_t case_index);
    /// What each of the cases under these options reaches, in the order of cases_under(). Leaves
    /// the detector as it is in place.
    std::vector<Reach> find_reach(std::size_t options);

  private:
    Simulator &simulator(std::size_t options);
    void find_reach(std::size_t options, ProgramRole role, std::vector<Reach> &found);

    const MutantPlan *plan_;
    std::vector<std::unique_ptr<Simulator>> simulators_{}; ///< by index of the options
    std::array<std::optional<BlockCounters>, 2> counters_; ///< by ProgramRole
};

} // namespace portscan
