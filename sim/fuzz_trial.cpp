// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/fuzz_trial.h"

namespace portscan {
namespace {

constexpr std::size_t most_tries = 5000;
constexpr std::size_t most_fresh_tries = 150;

} // namespace

FuzzTrial::FuzzTrial(const FuzzSettings &settings, FuzzFinding found, bool fresh) :
    settings_(settings),
    best_(std::move(found)),
    fresh_(fresh),
    tries_left_(fresh ? most_fresh_tries : most_tries) {}

Simulator &FuzzTrial::simulator_for(const FuzzRound &round) {
    if (!fresh_ && simulator_ && simulator_->options() == round.options)
        reset(*simulator_, played_);
    else
        simulator_.emplace(round.options, SimulatorSettings{.object_path = settings_.object_path});
    return *simulator_;
}

bool FuzzTrial::take(FuzzRound round, bool outcome) {
    if (!goes_on()) return false;
    --tries_left_;
    Simulator &simulator = simulator_for(round);
    Model model = settings_.make_model(round.options);
    const std::size_t everything_each = round.trace.size() <= 64 ? 1 : 512;
    DuelResult played = duel(simulator, model, round.trace,
                             {.outcomes_only = outcome, .everything_each = everything_each});
    played_ = round.trace;
    if (!played.difference) return false;
    round.trace.resize(played.steps);
    best_ = {std::move(round), std::move(*played.difference)};
    return true;
}

} // namespace portscan
