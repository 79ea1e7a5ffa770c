// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/tuning.h"

#include "sim/latency.h"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace portscan {
namespace {

/// What settings are compared by; smaller is better in each.
using Cost = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t>;

Cost cost_of(const SettingOutcome &outcome) {
    return {outcome.missed, outcome.wronged, outcome.probes_passed, outcome.honest_packets_dropped};
}

bool no_worse(const Cost &one, const Cost &other) {
    return std::get<0>(one) <= std::get<0>(other) && std::get<1>(one) <= std::get<1>(other) &&
           std::get<2>(one) <= std::get<2>(other) && std::get<3>(one) <= std::get<3>(other);
}

std::size_t distance_from_defaults(const DetectorOptions &options) {
    const DetectorOptions defaults;
    return static_cast<std::size_t>(
        std::count_if(option_specs().begin(), option_specs().end(), [&](const OptionSpec &option) {
            return option.get(options) != option.get(defaults);
        }));
}

/// Settings by what comes out, nearest to the defaults first.
std::map<Cost, std::vector<std::size_t>> by_cost(const std::vector<SweepSetting> &settings,
                                                 const std::vector<SettingOutcome> &outcomes) {
    std::map<Cost, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < outcomes.size(); ++i) groups[cost_of(outcomes[i])].push_back(i);
    for (auto &[cost, group] : groups)
        std::stable_sort(group.begin(), group.end(), [&](std::size_t one, std::size_t other) {
            return distance_from_defaults(settings[one].options) <
                   distance_from_defaults(settings[other].options);
        });
    return groups;
}

std::string sources_text(std::uint64_t count) {
    return fmt::format("{} honest {}", count, count == 1 ? "source" : "sources");
}

/// `it catches 3 of 4 scanners and wrongs nobody`.
std::string what_it_does(const SettingOutcome &outcome) {
    const std::uint64_t scanners = outcome.caught + outcome.missed;
    const std::string wrongs = outcome.wronged == 0 ? "nobody" : sources_text(outcome.wronged);
    if (scanners == 0) return fmt::format("no scanner is labelled, and it wrongs {}", wrongs);
    return fmt::format("it catches {} of {} {} and wrongs {}", outcome.caught, scanners,
                       scanners == 1 ? "scanner" : "scanners", wrongs);
}

/// Of those that catch more than the chosen one, the one that wrongs the fewest.
const SettingOutcome *cheapest_that_catches_more(const Frontier &frontier,
                                                 const std::vector<SettingOutcome> &outcomes,
                                                 const SettingOutcome &chosen) {
    const SettingOutcome *cheapest = nullptr;
    for (const std::size_t one : frontier.best) {
        const SettingOutcome &outcome = outcomes[one];
        if (outcome.caught <= chosen.caught) continue;
        if (cheapest == nullptr || std::tuple{outcome.wronged, outcome.missed} <
                                       std::tuple{cheapest->wronged, cheapest->missed})
            cheapest = &outcome;
    }
    return cheapest;
}

std::string why(const Frontier &frontier, const std::vector<SettingOutcome> &outcomes,
                const SettingOutcome &chosen, std::uint64_t may_wrong) {
    std::string reason = what_it_does(chosen);
    if (chosen.wronged > may_wrong) reason += ", fewer than which no setting wrongs";
    const auto *const more = cheapest_that_catches_more(frontier, outcomes, chosen);
    if (more != nullptr)
        reason += fmt::format("; to catch {} means to wrong {}", more->caught,
                              sources_text(more->wronged));
    else if (chosen.caught + chosen.missed != 0)
        reason += "; no setting catches more";
    const bool alone =
        std::none_of(frontier.best.begin(), frontier.best.end(), [&](std::size_t one) {
            const SettingOutcome &other = outcomes[one];
            return &other != &chosen && other.caught == chosen.caught &&
                   other.wronged <= std::max(may_wrong, chosen.wronged);
        });
    if (!alone)
        reason +=
            fmt::format("; of those that do as well it lets the fewest of the scanners' probes "
                        "through, {}",
                        chosen.probes_passed);
    return reason + ".";
}

std::uint64_t rank_of(const std::map<std::uint64_t, std::uint64_t> &counts, std::uint64_t rank) {
    std::uint64_t seen = 0;
    for (const auto &[value, count] : counts) {
        seen += count;
        if (seen >= rank) return value;
    }
    return 0;
}

} // namespace

void SettingOutcome::add(std::size_t capture, std::vector<TalliedSource> scanners_there,
                         const std::vector<TalliedSource> &wronged_there,
                         std::size_t report_sources) {
    std::stable_partition(scanners_there.begin(), scanners_there.end(),
                          [](const TalliedSource &one) { return !one.tally.blocked; });
    for (const auto &[source, tally] : scanners_there) {
        ++(tally.blocked ? caught : missed);
        probes_passed += tally.probes_passed;
        probes_dropped += tally.probes_dropped;
        if (tally.blocked) ++probes_before[tally.probes_before];
    }
    for (const auto &[source, tally] : wronged_there) {
        ++wronged;
        honest_probes_dropped += tally.probes_dropped;
        honest_packets_dropped += tally.packets_dropped;
    }
    const auto keep = [&](std::vector<TunedSource> &kept, std::uint64_t &omitted, const auto &all) {
        const std::size_t shown = std::min(all.size(), report_sources);
        for (std::size_t i = 0; i < shown; ++i)
            kept.push_back({capture, all[i].source, all[i].tally});
        omitted += all.size() - shown;
    };
    keep(scanners, scanners_omitted, scanners_there);
    keep(wronged_sources, wronged_omitted, wronged_there);
}

void SettingOutcome::merge(const SettingOutcome &part) {
    caught += part.caught;
    missed += part.missed;
    probes_passed += part.probes_passed;
    probes_dropped += part.probes_dropped;
    for (const auto &[probes, count] : part.probes_before) probes_before[probes] += count;
    wronged += part.wronged;
    honest_probes_dropped += part.honest_probes_dropped;
    honest_packets_dropped += part.honest_packets_dropped;
    scanners.insert(scanners.end(), part.scanners.begin(), part.scanners.end());
    scanners_omitted += part.scanners_omitted;
    wronged_sources.insert(wronged_sources.end(), part.wronged_sources.begin(),
                           part.wronged_sources.end());
    wronged_omitted += part.wronged_omitted;
}

std::optional<std::uint64_t> SettingOutcome::median_before() const {
    if (caught == 0) return std::nullopt;
    return rank_of(probes_before, nearest_rank(caught, p50));
}

std::optional<std::uint64_t> SettingOutcome::worst_before() const {
    if (caught == 0) return std::nullopt;
    return probes_before.rbegin()->first;
}

Frontier find_frontier(const std::vector<SweepSetting> &settings,
                       const std::vector<SettingOutcome> &outcomes) {
    const auto groups = by_cost(settings, outcomes);
    Frontier frontier{.same_as = std::vector<std::optional<std::size_t>>(outcomes.size())};
    for (const auto &[cost, group] : groups) {
        const bool beaten =
            std::any_of(groups.begin(), groups.end(), [&, &own = cost](const auto &other) {
                return other.first != own && no_worse(other.first, own);
            });
        if (beaten) continue;
        frontier.best.push_back(group.front());
        for (std::size_t i = 1; i < group.size(); ++i) frontier.same_as[group[i]] = group.front();
    }
    std::sort(frontier.best.begin(), frontier.best.end());
    return frontier;
}

Recommendation recommend(const Frontier &frontier, const std::vector<SettingOutcome> &outcomes,
                         std::uint64_t may_wrong) {
    std::uint64_t fewest = UINT64_MAX;
    for (const std::size_t one : frontier.best) fewest = std::min(fewest, outcomes[one].wronged);
    const std::uint64_t bound = std::max(fewest, may_wrong);
    std::optional<std::size_t> chosen;
    const auto order = [&](std::size_t one) {
        const SettingOutcome &outcome = outcomes[one];
        return std::tuple{outcome.missed, outcome.probes_passed, outcome.honest_packets_dropped,
                          outcome.wronged};
    };
    for (const std::size_t one : frontier.best) {
        if (outcomes[one].wronged > bound) continue;
        if (!chosen || order(one) < order(*chosen)) chosen = one;
    }
    return {.setting = *chosen, .reason = why(frontier, outcomes, outcomes[*chosen], may_wrong)};
}

std::uint64_t Tuning::scanners() const {
    std::uint64_t sum = 0;
    for (const CaptureSurvey &one : surveys) sum += one.scanners.size();
    return sum;
}

std::uint64_t Tuning::honest() const {
    std::uint64_t sum = 0;
    for (const CaptureSurvey &one : surveys) sum += one.honest;
    return sum;
}

} // namespace portscan
