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

std::size_t MutantPlan::index_of(const MutantSetting &wanted) {
    const auto found = std::find(settings.begin(), settings.end(), wanted);
    if (found != settings.end()) return static_cast<std::size_t>(found - settings.begin());
    settings.push_back(wanted);
    return settings.size() - 1;
}

std::vector<std::size_t> MutantPlan::cases_under(std::size_t setting) const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < cases.size(); ++i)
        if (cases[i].setting == setting) found.push_back(i);
    return found;
}

const Detector &MutantBench::Place::detector() const {
    return simulator != nullptr ? simulator->detector() : stage->detector();
}

void MutantBench::Place::use(ProgramRole role, const std::function<void(ProgramText &)> &change) {
    if (simulator != nullptr) {
        ProgramText text = program_text(simulator->detector(), role);
        change(text);
        simulator->use_variant(role, text);
        return;
    }
    stage->use_shipped();
    stage->use_changed(role, [&](ProgramText &text, const Interference &other) {
        change(text);
        text.insert(other.insertions(text, ControlFlow::of(text)));
    });
}

void MutantBench::Place::use_shipped() {
    if (simulator != nullptr)
        simulator->use_shipped();
    else
        stage->use_shipped();
}

MutantBench::Place &MutantBench::place(std::size_t setting) {
    if (places_.size() < plan_->settings.size()) places_.resize(plan_->settings.size());
    Place &found = places_.at(setting);
    if (found.simulator != nullptr || found.stage != nullptr) return found;
    const MutantSetting &wanted = plan_->settings.at(setting);
    if (const auto *const options = std::get_if<DetectorOptions>(&wanted); options != nullptr)
        found.simulator = std::make_unique<Simulator>(
            *options, SimulatorSettings{.object_path = plan_->object_path});
    else
        found.stage =
            std::make_unique<StageDetector>(std::get<StageSetting>(wanted), plan_->object_path);
    return found;
}

bool MutantBench::load(std::size_t setting, const Mutant &mutant) {
    Place &target = place(setting);
    try {
        target.use(mutant.role,
                   [&](ProgramText &text) { text = apply(mutant.mutation, std::move(text)); });
        return true;
    } catch (const std::system_error &error) {
        if (is_environment(error.code())) throw;
        return false;
    }
}

StageLog MutantBench::write_down(std::size_t case_index) {
    const MutantCase &one = plan_->cases.at(case_index);
    StageLog log;
    play(*one.stage, *place(one.setting).stage, &log);
    return log;
}

bool MutantBench::comes_out(const MutantCase &one) {
    Place &target = place(one.setting);
    if (one.stage != nullptr) {
        StageLog log = StageLog::against(one.before);
        play(*one.stage, *target.stage, &log);
        return true;
    }
    const auto comes_out = [&](std::optional<std::size_t> linear_size) {
        target.simulator->reset();
        target.simulator->split_frames(linear_size);
        if (one.round != nullptr) return agrees(*one.round, *target.simulator);
        return holds(*one.scenario, *one.one, *target.simulator);
    };
    // Whatever buffers the frames come in, the decisions are the same.
    return comes_out(std::nullopt) && (!one.split || comes_out(min_frame_size));
}

bool MutantBench::passes(std::size_t case_index) {
    try {
        return comes_out(plan_->cases.at(case_index));
    } catch (const std::system_error &error) {
        if (is_environment(error.code())) throw;
        return false;
    } catch (const std::exception &) {
        return false;
    }
}

std::vector<Reach> MutantBench::find_reach(std::size_t setting) {
    std::vector<Reach> found(plan_->cases_under(setting).size());
    find_reach(setting, ProgramRole::filter, found);
    find_reach(setting, ProgramRole::expiry, found);
    place(setting).use_shipped();
    return found;
}

void MutantBench::find_reach(std::size_t setting, ProgramRole role, std::vector<Reach> &found) {
    Place &target = place(setting);
    const ProgramText shipped = program_text(target.detector(), role);
    auto &counters = counters_.at(static_cast<std::size_t>(role));
    if (!counters) counters.emplace(shipped);
    if (target.stage != nullptr) {
        target.stage->use_shipped();
        target.stage->use_changed(role, [&](ProgramText &text, const Interference &other) {
            counters->put_into(text, other.insertions(text, counters->flow()));
        });
    } else {
        target.use(role, [&](ProgramText &text) { counters->put_into(text); });
    }
    const auto cases = plan_->cases_under(setting);
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const auto before = counters->blocks();
        passes(cases[i]);
        const auto after = counters->blocks();
        auto &reached = found[i].at(static_cast<std::size_t>(role));
        reached.resize(shipped.instructions().size());
        for (std::size_t block = 0; block < after.size(); ++block)
            for (std::size_t at = counters->flow().blocks[block].begin;
                 at < counters->flow().blocks[block].end; ++at)
                reached.at(at) = after[block] != before[block];
    }
}

} // namespace portscan
