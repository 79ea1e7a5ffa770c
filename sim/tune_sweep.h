// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/tuning.h"
#include "sim/worker_threads.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace portscan {

struct TuneWork {
    std::string object_path{};        ///< empty: the embedded object
    std::size_t jobs = 1;             ///< threads
    std::size_t report_sources = 100; ///< of each capture and setting, in either list
    /// So many records are through, by one thread at a time; of a sweep once for each reading.
    std::function<void(std::uint64_t records)> tick{};
    /// Whether to end early, with results that mean nothing; asked by every thread. Empty: never.
    WorkerThreads::Wish wants_stop{};
};

/// In which an IPv6 source is counted: the longest prefix that one of the settings has.
unsigned counted_prefix(const std::vector<SweepSetting> &settings);

/// Surveys all captures. Throws ScenarioError with all that cannot be used, as
/// `labels.csv:3: why`.
std::vector<CaptureSurvey> survey_all(const std::vector<LabelledCapture> &captures,
                                      unsigned ipv6_prefix, const TuneWork &work);

/// How often each capture is read for so many settings: as few times as still gives each job a part
/// of the settings, and no more than `settings_at_once` in one.
std::size_t readings(std::size_t settings, std::size_t jobs);
inline constexpr std::size_t settings_at_once = 16;

/// Runs every setting on every capture, each starting empty, in captured time: what comes out for
/// each setting. Registries are smaller than the settings have them as long as that makes no
/// difference: where a record was evicted or a block refused the setting is run again as it is.
/// Throws std::system_error where the environment fails.
std::vector<SettingOutcome> sweep(const std::vector<LabelledCapture> &captures,
                                  const std::vector<CaptureSurvey> &surveys,
                                  const std::vector<SweepSetting> &settings, const TuneWork &work);

} // namespace portscan
