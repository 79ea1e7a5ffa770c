// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture_survey.h"
#include "sim/source_tally.h"
#include "sim/sweep.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace portscan {

/// A source of one of the captures, with what a setting did to it.
struct TunedSource {
    std::size_t capture = 0; ///< its place among the rows of labels
    Prefix source{};
    SourceTally tally{};
};

/// What a setting did, over all captures. A source counts in each capture anew.
struct SettingOutcome {
    std::uint64_t caught = 0;        ///< scanners that were blocked
    std::uint64_t missed = 0;        ///< scanners that were not
    std::uint64_t probes_passed = 0; ///< of all scanners
    std::uint64_t probes_dropped = 0;
    std::map<std::uint64_t, std::uint64_t>
        probes_before{};       ///< the block: of how many that are caught
    std::uint64_t wronged = 0; ///< other sources, of whom something was dropped
    std::uint64_t honest_probes_dropped = 0;
    std::uint64_t honest_packets_dropped = 0; ///< probes included

    // Of each capture as many as are to be reported.
    std::vector<TunedSource> scanners{}; ///< those missed first
    std::uint64_t scanners_omitted = 0;
    std::vector<TunedSource> wronged_sources{};
    std::uint64_t wronged_omitted = 0;

    /// Counts what it did in one capture.
    void add(std::size_t capture, std::vector<TalliedSource> scanners_there,
             const std::vector<TalliedSource> &wronged_there, std::size_t report_sources);
    /// Counts what it did in other captures.
    void merge(const SettingOutcome &part);
    /// Probes that passed before the block, of those caught (nearest rank); nothing: nobody was.
    std::optional<std::uint64_t> median_before() const;
    std::optional<std::uint64_t> worst_before() const;
};

/// Which settings are worth a thought.
struct Frontier {
    /// Those that no other one is better than, one for each outcome, in the order of the settings.
    std::vector<std::size_t> best{};
    /// For each setting the one of `best` that does the same, where that is another one.
    std::vector<std::optional<std::size_t>> same_as{};
};

/// A setting is better than another one where it catches as many scanners or more, wrongs as many
/// honest sources or fewer, lets as many of the scanners' probes through or fewer, drops as many
/// packets of honest sources or fewer, and is not the same in all of that. Of several that are the
/// same the one stands for all that is nearest to the defaults, then the first one.
Frontier find_frontier(const std::vector<SweepSetting> &settings,
                       const std::vector<SettingOutcome> &outcomes);

struct Recommendation {
    std::size_t setting = 0;
    std::string reason{}; ///< one sentence
};

/// Among the settings that wrong at most so many honest sources, or as few as any does, the one
/// that catches the most scanners; among those, the one that lets the fewest of their probes
/// through, then the one that drops the fewest packets of honest sources.
Recommendation recommend(const Frontier &frontier, const std::vector<SettingOutcome> &outcomes,
                         std::uint64_t may_wrong);

/// All that came out.
struct Tuning {
    std::vector<LabelledCapture> captures;
    std::vector<CaptureSurvey> surveys; ///< of each capture
    std::vector<SweepSetting> settings;
    std::vector<SettingOutcome> outcomes; ///< of each setting
    Frontier frontier{};
    Recommendation recommendation{};
    std::uint64_t may_wrong = 0;
    std::string object_sha256{}; ///< hexadecimal
    std::string kernel{};

    std::uint64_t scanners() const;
    std::uint64_t honest() const;
};

} // namespace portscan
