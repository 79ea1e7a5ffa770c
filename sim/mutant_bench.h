// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"
#include "sim/block_counters.h"
#include "sim/fuzz_round.h"
#include "sim/mutant.h"
#include "sim/scenario.h"
#include "sim/simulator.h"
#include "sim/stage_log.h"
#include "sim/stages.h"

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace portscan {

/// A case of a scenario, a round of drawn traffic against the model, or a stage; and under what.
struct MutantCase {
    const Scenario *scenario = nullptr;
    const ScenarioCase *one = nullptr; ///< of the scenario
    const FuzzTrace *round = nullptr;
    const StageScript *stage = nullptr;
    StageLog before{};       ///< of the stage: what the detector as it is left after each step
    std::size_t setting = 0; ///< index in MutantPlan::settings
    bool split = false;      ///< run again with all but the Ethernet header in a second buffer
};

/// What cases run under: options of a simulator, or the setting of a stage.
using MutantSetting = std::variant<DetectorOptions, StageSetting>;

/// The cases that mutants have to pass. Those under the same setting share a detector, so that a
/// mutant is verified once for all of them.
struct MutantPlan {
    std::vector<MutantCase> cases{};
    std::vector<MutantSetting> settings{};
    std::string object_path{};

    /// The index of this one, added where it is new.
    std::size_t index_of(const MutantSetting &wanted);
    std::vector<std::size_t> cases_under(std::size_t setting) const;
};

/// Which instructions of each program a case runs, by ProgramRole.
using Reach = std::array<std::vector<bool>, 2>;

/// Runs cases on mutants, on detectors of its own that are made when they are needed first. One
/// for each thread. Throws std::system_error where the environment and not a mutant is at fault.
class MutantBench {
  public:
    /// The plan must outlive the bench, and keeps the settings that it has.
    explicit MutantBench(const MutantPlan &plan) : plan_(&plan) {}

    /// Puts the mutant in under this setting; false where the verifier refuses it.
    bool load(std::size_t setting, const Mutant &mutant);
    /// What the case, a stage, leaves after each step on what was loaded last under its setting.
    /// Throws StageFailure where it does not come out.
    StageLog write_down(std::size_t case_index);
    /// Does the case come out on what was loaded last under its setting? Without anything loaded:
    /// on the detector as it is. A mutant on which the harness itself fails does not pass.
    bool passes(std::size_t case_index);
    /// What each of the cases under this setting reaches, in the order of cases_under(). Leaves the
    /// detector as it is in place.
    std::vector<Reach> find_reach(std::size_t setting);

  private:
    /// A simulator or a detector for stages; which one, the setting says.
    struct Place {
        std::unique_ptr<Simulator> simulator{};
        std::unique_ptr<StageDetector> stage{};

        const Detector &detector() const;
        /// Runs the program of that role changed, and the other one as it is.
        void use(ProgramRole role, const std::function<void(ProgramText &)> &change);
        void use_shipped();
    };

    Place &place(std::size_t setting);
    void find_reach(std::size_t setting, ProgramRole role, std::vector<Reach> &found);
    bool comes_out(const MutantCase &one);

    const MutantPlan *plan_;
    std::vector<Place> places_{};                          ///< by index of the setting
    std::array<std::optional<BlockCounters>, 2> counters_; ///< by ProgramRole
};

} // namespace portscan
