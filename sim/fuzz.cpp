// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/fuzz.h"

#include <algorithm>

namespace portscan {
namespace {

/// Frames of a round. Loading the program for its options takes as long as some ten thousand of
/// them, so that a long run has longer rounds.
std::size_t round_size(std::uint64_t packets) {
    return static_cast<std::size_t>(std::clamp<std::uint64_t>(packets / 16, 2048, 65536));
}

void count_steps(FuzzResult &result, const FuzzTrace &trace, std::size_t steps) {
    const auto end = trace.begin() + static_cast<std::ptrdiff_t>(steps);
    const auto packets =
        static_cast<std::uint64_t>(std::count_if(trace.begin(), end, [](const FuzzStep &step) {
            return step.kind == FuzzStep::Kind::packet;
        }));
    result.packets += packets;
    result.actions += steps - packets;
}

/// Returns whether detector and model agree.
bool play_round(const FuzzSettings &settings, FuzzRound round, FuzzResult &result) {
    Simulator simulator{round.options,
                        {.object_path = settings.object_path, .linear_size = settings.linear_size}};
    Model model = settings.make_model(round.options);
    DuelResult played =
        duel(simulator, model, round.trace,
             {.insertions = insertions_without_eviction(round.options), .tick = settings.tick});
    ++result.rounds;
    count_steps(result, round.trace, played.steps);
    for (std::size_t i = 0; i < reason_count; ++i)
        result.reasons.at(i) += model.counters().reasons.at(i);
    if (!played.difference) return true;
    round.trace.resize(played.steps);
    result.finding = FuzzFinding{std::move(round), std::move(*played.difference)};
    return false;
}

} // namespace

FuzzResult fuzz(const FuzzSettings &settings) {
    FuzzResult result;
    while (result.packets < settings.packets && !(settings.wants_stop && settings.wants_stop())) {
        const auto frames = static_cast<std::size_t>(std::min<std::uint64_t>(
            round_size(settings.packets), settings.packets - result.packets));
        FuzzRound round = draw_round(settings.seed, result.rounds, frames, settings.options);
        if (!play_round(settings, std::move(round), result)) break;
    }
    return result;
}

} // namespace portscan
