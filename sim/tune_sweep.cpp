// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/tune_sweep.h"

#include "sim/replay.h"
#include "sim/scenario_play.h"
#include "sim/tune_tasks.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

namespace portscan {
namespace {

/// Books of so many sources, over all settings that a thread runs side by side, fit into half a
/// gigabyte.
constexpr std::uint64_t most_books = 4'000'000;

/// Maps of the default sizes take 170 MB for each setting, and their making most of a second. Where
/// the first of these sizes is too small, the second may do.
constexpr std::uint32_t small_registry = 16'384, large_registry = 131'072;

/// The options with a registry of so many sources at most.
DetectorOptions with_registry(DetectorOptions options, std::uint32_t most) {
    const auto shrink = [](std::uint32_t &sources, std::optional<std::uint32_t> &blocked,
                           std::uint32_t bound) {
        sources = std::min(sources, bound);
        if (blocked) *blocked = std::min(*blocked, sources / 2);
    };
    shrink(options.max_sources, options.max_blocked, most);
    shrink(options.max_sources6, options.max_blocked6, most / 4);
    return options;
}

/// Whether a larger registry could have decided otherwise.
bool was_too_small(const Simulator &simulator) {
    constexpr std::array<std::string_view, 4> signs{"evictions", "block_refused", "insert_failed",
                                                    "contention"};
    const Counters counters = simulator.counters();
    return std::any_of(signs.begin(), signs.end(),
                       [&](std::string_view sign) { return counters.find(sign).value_or(0) != 0; });
}

/// One thread's part of a sweep.
class Sweeper {
  public:
    using Simulators = std::vector<std::unique_ptr<Simulator>>;

    Sweeper(const std::vector<LabelledCapture> &captures, const std::vector<CaptureSurvey> &surveys,
            const TuneWork &work, unsigned ipv6_prefix, const WorkerThreads &threads,
            std::mutex &ticking) :
        captures_(captures),
        surveys_(surveys),
        work_(work),
        ipv6_prefix_(ipv6_prefix),
        threads_(threads),
        lot_(work.tick, ticking) {}

    void load(std::span<const SweepSetting> settings) {
        simulators_.clear(); // their maps serve the next ones
        settings_ = settings;
        for (const SweepSetting &setting : settings)
            simulators_.push_back(make(with_registry(setting.options, small_registry)));
    }

    /// What each setting that is loaded does in the capture.
    std::vector<SettingOutcome> run(std::size_t capture) {
        const std::uint64_t senders = std::max<std::uint64_t>(surveys_[capture].senders, 1);
        const std::size_t at_once =
            std::clamp<std::uint64_t>(most_books / senders, 1, settings_at_once);
        std::vector<SettingOutcome> outcomes;
        for (std::size_t begin = 0; begin < simulators_.size(); begin += at_once) {
            const std::size_t count = std::min(at_once, simulators_.size() - begin);
            const std::span part{simulators_.data() + begin, count};
            for (const auto &simulator : part) simulator->reset();
            for (SettingOutcome &one : play_on(part, capture, begin == 0))
                outcomes.push_back(std::move(one));
        }
        for (std::size_t i = 0; i < outcomes.size(); ++i)
            if (is_too_small(i)) outcomes[i] = run_again(i, capture);
        return outcomes;
    }

  private:
    std::unique_ptr<Simulator> make(const DetectorOptions &options) const {
        return std::make_unique<Simulator>(options,
                                           SimulatorSettings{.object_path = work_.object_path});
    }

    bool is_too_small(std::size_t setting) const {
        const Simulator &simulator = *simulators_[setting];
        return simulator.options() != settings_[setting].options && was_too_small(simulator);
    }

    /// With the larger registry, which the setting goes on with; if need be as the setting has it.
    SettingOutcome run_again(std::size_t setting, std::size_t capture) {
        const DetectorOptions &wanted = settings_[setting].options;
        auto &simulator = simulators_[setting];
        if (const auto larger = with_registry(wanted, large_registry);
            simulator->options() != larger) {
            simulator.reset(); // its maps go first
            simulator = make(larger);
            auto outcome = std::move(play_on({&simulator, 1}, capture, false).front());
            if (!is_too_small(setting)) return outcome;
        }
        const std::array whole{make(wanted)};
        return std::move(play_on(whole, capture, false).front());
    }

    std::vector<SettingOutcome> play_on(std::span<const std::unique_ptr<Simulator>> simulators,
                                        std::size_t capture, bool counts) {
        std::vector<Replay> replays;
        replays.reserve(simulators.size());
        for (const auto &simulator : simulators) replays.emplace_back(*simulator);
        std::vector<Replay *> fed;
        fed.reserve(replays.size());
        for (Replay &replay : replays) fed.push_back(&replay);
        CaptureTally tally{surveys_[capture].scanners, simulators.size(), ipv6_prefix_};
        const CaptureInput input{.path = captures_[capture].path,
                                 .filter = captures_[capture].filter};
        play(input, fed, [&](const CapturedFrame &frame, std::span<const FrameOutcome> outcomes) {
            tally.observe(frame, outcomes);
            if (counts) lot_.count();
            return !threads_.stopping();
        });
        std::vector<SettingOutcome> outcomes(simulators.size());
        for (std::size_t i = 0; i < simulators.size(); ++i)
            outcomes[i].add(capture, tally.scanners(i), tally.wronged(i), work_.report_sources);
        return outcomes;
    }

    const std::vector<LabelledCapture> &captures_;
    const std::vector<CaptureSurvey> &surveys_;
    const TuneWork &work_;
    unsigned ipv6_prefix_;
    const WorkerThreads &threads_;
    TuneLot lot_;
    std::span<const SweepSetting> settings_{};
    Simulators simulators_{};
};

/// The groups of settings, as even as can be.
std::vector<std::span<const SweepSetting>> groups_of(const std::vector<SweepSetting> &settings,
                                                     std::size_t count) {
    std::vector<std::span<const SweepSetting>> groups;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t begin = settings.size() * i / count;
        const std::size_t end = settings.size() * (i + 1) / count;
        groups.emplace_back(settings.data() + begin, end - begin);
    }
    return groups;
}

} // namespace

unsigned counted_prefix(const std::vector<SweepSetting> &settings) {
    unsigned longest = 0;
    for (const SweepSetting &setting : settings)
        longest = std::max(longest, setting.options.ipv6_prefix);
    return longest;
}

std::vector<CaptureSurvey> survey_all(const std::vector<LabelledCapture> &captures,
                                      unsigned ipv6_prefix, const TuneWork &work) {
    std::vector<CaptureSurvey> surveys(captures.size());
    std::vector<std::string> complaints(captures.size());
    std::mutex ticking;
    WorkerThreads threads{work.wants_stop};
    threads.share_out(work.jobs, captures.size(), [&](std::size_t, std::size_t i) {
        TuneLot lot{work.tick, ticking};
        try {
            surveys[i] = survey(captures[i], ipv6_prefix, [&] {
                lot.count();
                return !threads.stopping();
            });
        } catch (const CaptureError &error) {
            complaints[i] = fmt::format("{}: {}", captures[i].where, error.what());
        }
    });
    std::erase(complaints, std::string{});
    if (!complaints.empty()) throw ScenarioError{std::move(complaints)};
    return surveys;
}

std::size_t readings(std::size_t settings, std::size_t jobs) {
    const std::size_t least = (settings + settings_at_once - 1) / settings_at_once;
    return std::min(settings, (least + jobs - 1) / jobs * jobs);
}

std::vector<SettingOutcome> sweep(const std::vector<LabelledCapture> &captures,
                                  const std::vector<CaptureSurvey> &surveys,
                                  const std::vector<SweepSetting> &settings, const TuneWork &work) {
    const auto groups = groups_of(settings, readings(settings.size(), work.jobs));
    // Each part on its own until the end, so that sources are listed in the order of the captures.
    std::vector<std::vector<SettingOutcome>> parts(captures.size() * groups.size());
    TuneTaskList tasks{groups.size(), captures.size()};
    std::mutex ticking;
    WorkerThreads threads{work.wants_stop};
    threads.run(std::min(work.jobs, parts.size()), [&](std::size_t) {
        Sweeper sweeper{captures, surveys, work, counted_prefix(settings), threads, ticking};
        std::optional<std::size_t> loaded;
        for (auto task = tasks.take(loaded); task && !threads.stopping();
             task = tasks.take(loaded)) {
            if (loaded != task->group) sweeper.load(groups[task->group]);
            loaded = task->group;
            parts[task->capture * groups.size() + task->group] = sweeper.run(task->capture);
        }
    });
    std::vector<SettingOutcome> outcomes(settings.size());
    for (std::size_t capture = 0; capture < captures.size(); ++capture) {
        std::size_t setting = 0;
        for (std::size_t group = 0; group < groups.size(); ++group)
            for (const SettingOutcome &part : parts[capture * groups.size() + group])
                outcomes[setting++].merge(part);
    }
    return outcomes;
}

} // namespace portscan
