// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/mutant.h"
#include "sim/mutant_bench.h"
#include "sim/scenario_run.h"
#include "sim/stages.h"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace portscan {

/// What became of a mutant.
enum class Fate : std::uint8_t {
    killed,    ///< a scenario does not come out on it, or a round against the model
    on_stage,  ///< those all do: killed by a stage
    refused,   ///< the verifier does not load it under the options of a scenario
    survived,  ///< every scenario comes out
    unreached, ///< the same, since none gets to the instruction
};

struct CampaignSettings {
    OptionOverrides options{};    ///< the weakest layer, as for `test`
    std::string object_path{};    ///< empty: the embedded object
    std::size_t jobs = 1;         ///< threads, each with simulators of its own
    std::size_t rounds = 0;       ///< of drawn traffic against the model, beside the scenarios
    bool stages = false;          ///< those of `cover` too, for mutants that survive all else
    std::function<void()> tick{}; ///< called after each mutant, by one thread at a time
};

/// Runs scenarios, and rounds against the model, on mutants until one does not come out; then
/// stages. Those that killed a mutant of the same line or function lately come first.
class Campaign {
  public:
    /// The scenarios must outlive the campaign. Throws OptionError.
    Campaign(const std::vector<Scenario> &scenarios, CampaignSettings settings);

    /// Runs the cases on the detector as it is, to learn what each reaches. Those that do not come
    /// out are returned, `file:line: title`: with any, nothing can be said about mutants. Must be
    /// called first. Cases that come out with registries of 10,000 sources too, which are much
    /// faster to make, go on with those.
    std::vector<std::string> find_broken();

    /// What became of each mutant, in their order. Throws std::system_error where the environment
    /// fails.
    std::vector<Fate> run(const std::vector<Mutant> &mutants);

    std::size_t case_count() const { return plan_.cases.size(); } ///< rounds and stages included

  private:
    /// Calls work(bench, index) for each index below count, in threads.
    void share_out(std::size_t count, const std::function<void(MutantBench &, std::size_t)> &work);

    void learn(MutantBench &bench, std::size_t setting);
    void learn_case(MutantBench &bench, std::size_t index);

    CampaignSettings settings_;
    std::vector<FuzzRound> rounds_;
    std::vector<StageScript> stages_;
    MutantPlan plan_;
    std::vector<MutantSetting> full_;  ///< of each case, as the scenario has it
    std::vector<MutantBench> benches_; ///< one for each thread
    std::vector<double> seconds_;      ///< that each case takes
    std::vector<char> passed_;         ///< each case, on the detector as it is
    std::vector<Reach> reach_;         ///< of each case
};

} // namespace portscan
