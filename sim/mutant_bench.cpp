// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mutant_bench.h"

#include "sim/fuzz_duel.h"
#include "sim/model.h"
#include "sim/scenario_run.h"
#include "sim/test_run.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>

namespace portscan {
namespace {

/// Not what a mutant can do: the machine is short of something, or we may not.
bool is_environment(const std::error_code &code) {
    return code.value() == ENOMEM || code.value() == EMFILE || code.value() == ENFILE ||
           code.value() == EPERM || code.value() == EINTR || code.value() == EAGAIN;
}

/// Do detector and model agree on the round?
bool agrees(const FuzzTrace &round, Simulator &simulator) {
    Model model{simulator.options()};
    return !duel(simulator, model, round,
                 {.everything_each = 64,
                  .insertions = insertions_without_eviction(simulator.options())})
                .difference;
}

} // namespace

std::size_t MutantPlan::index_of(const DetectorOptions &wanted) {
    const auto found = std::find(options.begin(), options.end(), wanted);
    if (found != options.end()) return static_cast<std::size_t>(found - options.begin());
    options.push_back(wanted);
    return options.size() - 1;
}

std::vector<std::size_t> MutantPlan::cases_under(std::size_t options_index) const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < cases.size(); ++i)
        if (cases[i].options == options_index) found.push_back(i);
    return found;
}

Simulator &MutantBench::simulator(std::size_t options) {
    if (simulators_.size() < plan_->options.size()) simulators_.resize(plan_->options.size());
    auto &place = simulators_.at(options);
    if (place == nullptr)
        place = std::make_unique<Simulator>(plan_->options.at(options),
                                            SimulatorSettings{.object_path = plan_->object_path});
    return *place;
}

bool MutantBench::load(std::size_t options, const Mutant &mutant) {
    Simulator &target = simulator(options);
    const ProgramText shipped = program_text(target.detector(), mutant.role);
    try {
        target.use_variant(mutant.role, apply(mutant.mutation, shipped));
        return true;
    } catch (const std::system_error &error) {
        if (is_environment(error.code())) throw;
        return false;
    }
}

bool MutantBench::passes(std::size_t case_index) {
    const MutantCase &one = plan_->cases.at(case_index);
    Simulator &target = simulator(one.options);
    const auto comes_out = [&](std::optional<std::size_t> linear_size) {
        target.reset();
        target.split_frames(linear_size);
        if (one.round != nullptr) return agrees(*one.round, target);
        return holds(*one.scenario, *one.one, target);
    };
    try {
        // Whatever buffers the frames come in, the decisions are the same.
        return comes_out(std::nullopt) && (!one.split || comes_out(min_frame_size));
    } catch (const std::system_error &error) {
        if (is_environment(error.code())) throw;
        return false;
    } catch (const std::exception &) {
        return false;
    }
}

std::vector<Reach> MutantBench::find_reach(std::size_t options) {
    std::vector<Reach> found(plan_->cases_under(options).size());
    find_reach(options, ProgramRole::filter, found);
    find_reach(options, ProgramRole::expiry, found);
    simulator(options).use_shipped();
    return found;
}

void MutantBench::find_reach(std::size_t options, ProgramRole role, std::vector<Reach> &found) {
    Simulator &target = simulator(options);
    ProgramText text = program_text(target.detector(), role);
    const std::size_t size = text.instructions().size();
    auto &counters = counters_.at(static_cast<std::size_t>(role));
    if (!counters) counters.emplace(text);
    counters->put_into(text);
    target.use_variant(role, text);
    const auto cases = plan_->cases_under(options);
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const auto before = counters->blocks();
        passes(cases[i]);
        const auto after = counters->blocks();
        auto &reached = found[i].at(static_cast<std::size_t>(role));
        reached.resize(size);
        for (std::size_t block = 0; block < after.size(); ++block)
            for (std::size_t at = counters->flow().blocks[block].begin;
                 at < counters->flow().blocks[block].end; ++at)
                reached.at(at) = after[block] != before[block];
    }
}

} // namespace portscan
