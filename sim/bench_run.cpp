// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bench_run.h"

#include "loader/digest.h"
#include "loader/nearest_word.h"
#include "sim/measure.h"
#include "sim/replay_context.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace portscan {
namespace {

/// New sources behind each sample, over all paths of a family and the ways to measure them.
constexpr std::uint32_t insertions_a_sample = 20;
constexpr std::uint32_t least_full = 16'384; // with room for every kind of source

void check_options(const BenchSettings &settings) {
    const DetectorOptions &options = settings.options;
    if (options.ipv6_prefix < 64)
        throw OptionError("ipv6-prefix: bench gives each source a /64, give 64 or more");
    if (options.max_blocked || options.max_blocked6)
        throw OptionError("max-blocked: bench sets it for each path, leave it out");
    for (const auto &[name, sources] : {std::pair{"max-sources", options.max_sources},
                                        std::pair{"max-sources6", options.max_sources6}})
        if (sources < least_full)
            throw OptionError(fmt::format("{}: '{}' leaves no room for measuring, give {} or more",
                                          name, sources, least_full));
}

std::vector<BenchPath> choose(std::vector<BenchPath> paths, const std::vector<std::string> &only) {
    std::vector<std::string> names;
    names.reserve(paths.size());
    for (const BenchPath &path : paths) names.push_back(path.name);
    for (const std::string &name : only) {
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        const auto near = nearest_word(name, names);
        throw OptionError(near.empty()
                              ? fmt::format("only: no path '{}': {}", name, fmt::join(names, ", "))
                              : fmt::format("only: no path '{}', did you mean {}?", name, near));
    }
    if (!only.empty())
        std::erase_if(paths, [&](const BenchPath &path) {
            return std::find(only.begin(), only.end(), path.name) == only.end();
        });
    return paths;
}

/// In a full registry a new source displaces another, and what does that is a path of its own.
bool applies(const BenchPath &path, const BenchLevel &level) {
    if (path.is_steady()) return true;
    if (path.evicts) return level.is_full();
    return !level.is_full() || !path.before.empty();
}

/// Steady paths first, since the others use up what those find; of these first what needs a full
/// registry without holes.
int turn_of(const BenchPath &path) {
    if (path.is_steady()) return 0;
    return path.evicts ? 1 : 2;
}

class Bench {
  public:
    Bench(const BenchSettings &settings, const BenchPlan &plan) :
        settings_{settings},
        plan_{plan},
        paths_{choose(bench_paths(settings.options), settings.only)} {}

    std::vector<PathCost> run() {
        if (settings_.start) settings_.start(count());
        std::vector<PathCost> costs;
        for (const BenchLevel &level : settings_.levels)
            for (auto &[index, cost] : run(level)) costs.push_back(std::move(cost));
        return costs;
    }

  private:
    std::size_t count() const {
        std::size_t total = 0;
        for (const BenchLevel &level : settings_.levels)
            total += static_cast<std::size_t>(
                std::count_if(paths_.begin(), paths_.end(),
                              [&](const BenchPath &path) { return applies(path, level); }));
        return total;
    }

    /// By the index of their path.
    std::map<std::size_t, PathCost> run(const BenchLevel &level) {
        std::map<BenchSetting, std::vector<std::size_t>> groups;
        for (std::size_t i = 0; i < paths_.size(); ++i)
            if (applies(paths_[i], level)) groups[paths_[i].setting].push_back(i);
        std::map<std::size_t, PathCost> costs;
        for (auto &[setting, group] : groups) {
            std::stable_sort(group.begin(), group.end(), [&](std::size_t a, std::size_t b) {
                return turn_of(paths_[a]) < turn_of(paths_[b]);
            });
            run(setting, level, group, costs);
        }
        return costs;
    }

    void run(BenchSetting setting, const BenchLevel &level, const std::vector<std::size_t> &group,
             std::map<std::size_t, PathCost> &costs) {
        BenchSetup setup{.options = settings_.options,
                         .object_path = settings_.object_path,
                         .setting = setting,
                         .level = level,
                         .families = {false, false},
                         .insertions = insertions_a_sample * plan_.samples};
        for (const std::size_t index : group) setup.families[paths_[index].ipv6 ? 1 : 0] = true;
        BenchStage stage{setup};
        for (const std::size_t index : group) {
            if (settings_.tick) settings_.tick(paths_[index].name, level);
            costs.emplace(index, measure_path(stage, paths_[index], plan_));
        }
    }

    const BenchSettings &settings_;
    BenchPlan plan_;
    std::vector<BenchPath> paths_;
};

} // namespace

BenchReport run_bench(const BenchSettings &settings) {
    check_options(settings);
    BenchReport report{.object_sha256 = sha256_hex(read_object(settings.object_path)),
                       .kernel = kernel_release(),
                       .cpu = cpu_name(),
                       .options = settings.options,
                       .plan = settings.plan,
                       .costs = {}};
    report.plan.two_cpus = settings.plan.two_cpus && usable_cpus().size() > 1;
    Bench bench{settings, report.plan};
    pin_to_cpu(usable_cpus().back());
    report.costs = bench.run();
    return report;
}

} // namespace portscan
