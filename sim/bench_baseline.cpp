// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bench_baseline.h"

#include "loader/file_content.h"
#include "sim/bench_report.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <system_error>

namespace portscan {
namespace {

using Json = nlohmann::json;

[[noreturn]] void refuse(const std::string &file, std::string_view why) {
    throw OptionError(fmt::format(
        "baseline: '{}' {}: name one that xdp-portscan-sim bench --json=FILE has written", file,
        why));
}

std::optional<double> ratio_of(const Json &cost) {
    if (cost.is_null()) return std::nullopt;
    const auto ratio = cost.at("ratio").get<double>();
    if (ratio <= 0) throw std::invalid_argument("ratio");
    return ratio;
}

BenchBaseline::Entry entry_of(const Json &path) {
    const Json &sources = path.at("sources");
    return {.path = path.at("path").get<std::string>(),
            .level = sources.is_string() ? sources.get<std::string>()
                                         : fmt::to_string(sources.get<std::uint32_t>()),
            .steady = ratio_of(path.at("steady")),
            .single = ratio_of(path.at("warm"))};
}

/// A ratio and how far noise may move it.
struct Ratio {
    double value = 0;
    double noise = 0;
};

struct Pair {
    double before = 0;
    Ratio now;
};

std::optional<Pair> pair_up(const BenchBaseline::Entry &entry, const PathCost &cost) {
    if (entry.steady && cost.steady) {
        const SteadyCost &steady = *cost.steady;
        return Pair{*entry.steady, {steady.ratio(), steady.above.noise / steady.empty.value}};
    }
    if (entry.single && cost.warm) {
        const SingleCost &single = *cost.warm;
        return Pair{*entry.single, {single.ratio(), single.p50.noise / single.empty.p50}};
    }
    return std::nullopt;
}

} // namespace

BenchBaseline read_bench_baseline(const std::string &file) {
    constexpr std::size_t most = std::size_t{64} * 1024 * 1024;
    try {
        return parse_bench_baseline(read_content(file, most), file);
    } catch (const std::system_error &error) {
        refuse(file, fmt::format("cannot be read: {}", error.code().message()));
    }
}

BenchBaseline parse_bench_baseline(std::string_view json, const std::string &file) {
    try {
        const Json root = Json::parse(json);
        if (root.at("schema").get<std::string>() != bench_schema)
            refuse(file, fmt::format("is not of schema {}", bench_schema));
        BenchBaseline baseline;
        for (const Json &path : root.at("paths")) baseline.entries.push_back(entry_of(path));
        return baseline;
    } catch (const OptionError &) {
        throw;
    } catch (const std::exception &) { // of the JSON library, and entry_of()
        refuse(file, "is no result of bench");
    }
}

std::vector<BenchChange> compare_bench(const BenchReport &report, const BenchBaseline &baseline,
                                       double tolerance) {
    std::vector<BenchChange> changes;
    for (const PathCost &cost : report.costs) {
        const auto entry = std::find_if(
            baseline.entries.begin(), baseline.entries.end(), [&](const auto &candidate) {
                return candidate.path == cost.path && candidate.level == cost.level.name();
            });
        if (entry == baseline.entries.end()) continue;
        const auto pair = pair_up(*entry, cost);
        if (!pair) continue;
        const double permitted = pair->before * (1 + tolerance) + pair->now.noise;
        changes.push_back({.path = cost.path,
                           .level = cost.level.name(),
                           .before = pair->before,
                           .now = pair->now.value,
                           .slower = pair->now.value > permitted});
    }
    return changes;
}

} // namespace portscan
