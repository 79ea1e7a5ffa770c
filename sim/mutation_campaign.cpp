// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mutation_campaign.h"

#include "sim/kill_history.h"
#include "sim/worker_threads.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <mutex>
#include <optional>

namespace portscan {
namespace {

/// Maps of the default sizes take the kernel 100 MB and more, for each set of options and thread.
DetectorOptions with_small_registry(DetectorOptions options) {
    constexpr std::uint32_t enough = 10'000;
    const DetectorOptions defaults;
    if (options.max_sources == defaults.max_sources && !options.max_blocked)
        options.max_sources = enough;
    if (options.max_sources6 == defaults.max_sources6 && !options.max_blocked6)
        options.max_sources6 = enough;
    return options;
}

/// Large captures split would only do the same more often.
bool is_small(const ScenarioInput &input) {
    constexpr std::uintmax_t few_frames = 64 * 1024;
    const auto *const capture = std::get_if<CaptureInput>(&input);
    std::error_code none;
    if (capture != nullptr) return std::filesystem::file_size(capture->path, none) < few_frames;
    return std::holds_alternative<std::vector<TextRow>>(input);
}

/// Rounds of drawn traffic, the same each time.
std::vector<FuzzRound> draw_rounds(std::size_t count, const OptionOverrides &options) {
    constexpr std::uint64_t seed = 1;
    constexpr std::size_t frames = 4096;
    std::vector<FuzzRound> rounds;
    for (std::size_t number = 0; number < count; ++number)
        rounds.push_back(draw_round(seed, number, frames, options));
    return rounds;
}

/// As long as a stage of pseudo-random traffic is for a mutant: much shorter than for `cover`,
/// since each mutant plays it.
constexpr std::size_t storm_steps = 1500;

std::string name_of(const MutantCase &one) {
    if (one.stage != nullptr) return fmt::format("stage '{}'", one.stage->name);
    if (one.scenario == nullptr) return "a round against the model";
    return fmt::format("{}:{}: '{}'", one.scenario->source.path(), one.one->line,
                       one.one->title.empty() ? one.scenario->title : one.one->title);
}

/// The cases in their order, but stages last, and those under the same setting together, at the
/// place of the first.
std::vector<std::size_t> by_setting(std::vector<std::size_t> cases, const MutantPlan &plan) {
    std::stable_partition(cases.begin(), cases.end(),
                          [&](std::size_t one) { return plan.cases[one].stage == nullptr; });
    std::vector<std::size_t> grouped;
    std::vector<bool> done(plan.settings.size());
    for (const std::size_t first : cases) {
        const std::size_t setting = plan.cases[first].setting;
        if (done[setting]) continue;
        done[setting] = true;
        std::copy_if(cases.begin(), cases.end(), std::back_inserter(grouped),
                     [&](std::size_t one) { return plan.cases[one].setting == setting; });
    }
    return grouped;
}

/// What kills the mutant, if anything does.
struct Trial {
    Fate fate = Fate::survived;
    std::size_t killer = 0; ///< a case
};

Trial try_mutant(const Mutant &mutant, const MutantPlan &plan, MutantBench &bench,
                 const std::vector<std::size_t> &order) {
    std::optional<std::size_t> tried;
    bool loaded = false;
    bool ran = false;
    for (const std::size_t one : by_setting(order, plan)) {
        const bool on_stage = plan.cases[one].stage != nullptr;
        if (tried != plan.cases[one].setting) {
            tried = plan.cases[one].setting;
            loaded = bench.load(*tried, mutant);
            // What is put in for a stage may be too much for the verifier where the mutant is not.
            if (!loaded && !on_stage) return {Fate::refused, one};
        }
        ran = ran || loaded;
        if (loaded && !bench.passes(one)) return {on_stage ? Fate::on_stage : Fate::killed, one};
    }
    return {ran ? Fate::survived : Fate::refused, 0};
}

} // namespace

Campaign::Campaign(const std::vector<Scenario> &scenarios, CampaignSettings settings) :
    settings_(std::move(settings)),
    rounds_(draw_rounds(settings_.rounds, settings_.options)),
    stages_(settings_.stages ? find_stages(storm_steps) : std::vector<StageScript>{}) {
    plan_.object_path = settings_.object_path;
    const RunSettings layers{.options = settings_.options};
    for (const Scenario &scenario : scenarios)
        for (const ScenarioCase &one : scenario.cases) {
            const DetectorOptions options = case_options(one, layers);
            full_.emplace_back(options);
            plan_.cases.push_back({.scenario = &scenario,
                                   .one = &one,
                                   .setting = plan_.index_of(with_small_registry(options)),
                                   .split = is_small(scenario.input)});
        }
    for (const FuzzRound &round : rounds_) {
        full_.emplace_back(round.options);
        plan_.cases.push_back({.round = &round.trace, .setting = plan_.index_of(round.options)});
    }
    for (const StageScript &stage : stages_) {
        full_.emplace_back(stage.setting);
        plan_.cases.push_back({.stage = &stage, .setting = plan_.index_of(stage.setting)});
    }
    for (std::size_t i = 0; i < settings_.jobs; ++i) benches_.emplace_back(plan_);
    seconds_.resize(plan_.cases.size());
    passed_.resize(plan_.cases.size());
    reach_.resize(plan_.cases.size());
}

void Campaign::share_out(std::size_t count,
                         const std::function<void(MutantBench &, std::size_t)> &work) {
    WorkerThreads{}.share_out(benches_.size(), count, [&](std::size_t thread, std::size_t item) {
        work(benches_[thread], item);
    });
}

void Campaign::learn_case(MutantBench &bench, std::size_t index) {
    MutantCase &one = plan_.cases[index];
    try {
        if (one.stage != nullptr) one.before = bench.write_down(index);
    } catch (const StageFailure &) {
        passed_[index] = 0;
        return;
    }
    const auto start = std::chrono::steady_clock::now();
    passed_[index] = bench.passes(index); // a stage: the same once more
    seconds_[index] =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Runs all cases under this setting that have not passed yet.
void Campaign::learn(MutantBench &bench, std::size_t setting) {
    const auto cases = plan_.cases_under(setting);
    for (const std::size_t one : cases) learn_case(bench, one);
    const auto found = bench.find_reach(setting);
    for (std::size_t i = 0; i < cases.size(); ++i) reach_[cases[i]] = found[i];
}

std::vector<std::string> Campaign::find_broken() {
    const std::size_t small = plan_.settings.size();
    share_out(small, [this](MutantBench &bench, std::size_t index) { learn(bench, index); });
    for (std::size_t i = 0; i < passed_.size(); ++i)
        if (passed_[i] == 0) plan_.cases[i].setting = plan_.index_of(full_[i]);
    share_out(plan_.settings.size() - small, [this, small](MutantBench &bench, std::size_t index) {
        learn(bench, small + index);
    });
    std::vector<std::string> broken;
    for (std::size_t i = 0; i < passed_.size(); ++i)
        if (passed_[i] == 0) broken.push_back(name_of(plan_.cases[i]));
    return broken;
}

std::vector<Fate> Campaign::run(const std::vector<Mutant> &mutants) {
    std::vector<Fate> fates(mutants.size(), Fate::survived);
    KillHistory history{seconds_};
    std::mutex remembering;
    share_out(mutants.size(), [&](MutantBench &bench, std::size_t index) {
        const Mutant &mutant = mutants[index];
        auto order = [&] {
            const std::lock_guard lock{remembering};
            return history.order(mutant);
        }();
        std::erase_if(order, [&](std::size_t one) {
            return !reach_[one].at(static_cast<std::size_t>(mutant.role)).at(mutant.mutation.index);
        });
        const Trial trial = order.empty() ? Trial{.fate = Fate::unreached}
                                          : try_mutant(mutant, plan_, bench, order);
        fates[index] = trial.fate;
        const std::lock_guard lock{remembering};
        if (trial.fate == Fate::killed || trial.fate == Fate::on_stage)
            history.killed(mutant, trial.killer);
        if (settings_.tick) settings_.tick();
    });
    return fates;
}

} // namespace portscan
