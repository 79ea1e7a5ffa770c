// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bench_report.h"

#include "sim/options_json.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <ostream>

namespace portscan {
namespace {

using Json = nlohmann::ordered_json;

double hundredths(double value) {
    return std::round(value * 100) / 100;
}

Json figure_json(const BenchFigure &figure) {
    const auto thousandths = [](double value) { return std::round(value * 1000) / 1000; };
    return {{"value", thousandths(figure.value)}, {"noise", thousandths(figure.noise)}};
}

Json paced_json(const PacedCost &cost) {
    return {{"ns", hundredths(cost.median.ns)},
            {"additions_per_cycle", hundredths(cost.median.additions_per_cycle)},
            {"rounds", cost.rounds}};
}

Json steady_json(const std::optional<SteadyCost> &cost) {
    if (!cost) return nullptr;
    const auto &quarters = cost->quarters;
    return {{"ns", hundredths(cost->above.value)},
            {"noise", hundredths(cost->above.noise)},
            {"empty_ns", hundredths(cost->empty.value)},
            {"empty_noise", hundredths(cost->empty.noise)},
            {"ratio", hundredths(cost->ratio())},
            {"most_of_core", quarters ? paced_json(quarters->most_of_core) : Json(nullptr)},
            {"least_of_core", quarters ? paced_json(quarters->least_of_core) : Json(nullptr)}};
}

Json histogram_json(const SingleCost &cost) {
    Json bars = Json::array();
    for (const SingleCost::Bar &bar : cost.histogram) bars.push_back({bar.up_to, bar.count});
    return bars;
}

Json single_json(const std::optional<SingleCost> &cost) {
    if (!cost) return nullptr;
    const auto &empty = cost->empty;
    return {{"samples", cost->samples},
            {"p50", cost->p50.value},
            {"p90", cost->p90.value},
            {"p99", cost->p99.value},
            {"p999", cost->p999.value},
            {"max", cost->max.value},
            {"noise",
             {{"p50", cost->p50.noise},
              {"p90", cost->p90.noise},
              {"p99", cost->p99.noise},
              {"p999", cost->p999.noise},
              {"max", cost->max.noise}}},
            {"empty",
             {{"p50", empty.p50},
              {"p90", empty.p90},
              {"p99", empty.p99},
              {"p999", empty.p999},
              {"max", empty.max}}},
            {"ratio", hundredths(cost->ratio())},
            {"histogram", histogram_json(*cost)}};
}

Json path_json(const PathCost &cost) {
    return {{"path", cost.path},
            {"sources", cost.level.is_full() ? Json("full") : Json(cost.level.sources)},
            {"verdict", to_string(cost.verdict)},
            {"reason", to_string(cost.reason)},
            {"cycle_ns", figure_json(cost.cycle_ns)},
            {"additions_per_cycle", figure_json(cost.additions_per_cycle)},
            {"steady", steady_json(cost.steady)},
            {"steady_two_cpus", steady_json(cost.steady_two)},
            {"warm", single_json(cost.warm)},
            {"cold", single_json(cost.cold)},
            {"cold_two_cpus", single_json(cost.cold_two)}};
}

constexpr std::string_view columns = "{:<27} {:>10} {:>10} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9} "
                                     "{:>11}\n";

std::string precise(const std::optional<SteadyCost> &cost) {
    return cost ? fmt::format("{:.1f} ±{:.1f}", cost->above.value, cost->above.noise) : "-";
}

std::string whole(const BenchFigure &figure) {
    return fmt::format("{:.0f} ±{:.0f}", figure.value, figure.noise);
}

std::string row(const PathCost &cost) {
    const std::string two = cost.cold_two ? whole(cost.cold_two->p50) : precise(cost.steady_two);
    return fmt::format(columns, cost.path, precise(cost.steady), two, whole(cost.warm->p50),
                       whole(cost.warm->p99), whole(cost.cold->p50), whole(cost.cold->p90),
                       whole(cost.cold->p99), whole(cost.cold->p999), whole(cost.cold->max));
}

/// `0.37 to 0.41`, with as many digits after the point.
std::string range_of(const std::vector<PathCost> &costs, BenchFigure PathCost::*figure,
                     int digits) {
    const auto [least, most] =
        std::minmax_element(costs.begin(), costs.end(), [figure](const auto &a, const auto &b) {
            return (a.*figure).value < (b.*figure).value;
        });
    return fmt::format("{:.{}f} to {:.{}f}", ((*least).*figure).value, digits,
                       ((*most).*figure).value, digits);
}

} // namespace

void write_bench_json(std::ostream &out, const BenchReport &report) {
    Json paths = Json::array();
    for (const PathCost &cost : report.costs) paths.push_back(path_json(cost));
    const Json json{{"schema", bench_schema},
                    {"object_sha256", report.object_sha256},
                    {"options", options_json(report.options)},
                    {"kernel", report.kernel},
                    {"cpu", report.cpu},
                    {"plan",
                     {{"repeat", report.plan.repeat},
                      {"rounds", report.plan.rounds},
                      {"samples", report.plan.samples},
                      {"two_cpus", report.plan.two_cpus}}},
                    {"paths", std::move(paths)}};
    out << json.dump() << '\n';
}

void write_bench_table(std::ostream &out, const BenchReport &report) {
    out << fmt::format("{}, Linux {}: ns above the empty program, ± noise (docs/bench.md)\n",
                       report.cpu, report.kernel);
    if (!report.costs.empty())
        out << fmt::format(
            "from path to path a cycle took {} ns, with {} additions in it (fewer: something else "
            "uses the core)\n",
            range_of(report.costs, &PathCost::cycle_ns, 2),
            range_of(report.costs, &PathCost::additions_per_cycle, 1));
    const BenchLevel *level = nullptr;
    for (const PathCost &cost : report.costs) {
        if (level == nullptr || level->sources != cost.level.sources) {
            level = &cost.level;
            out << '\n'
                << fmt::format(columns, cost.level.name() + " sources", "steady", "two CPUs",
                               "warm p50", "p99", "cold p50", "p90", "p99", "p99.9", "max");
        }
        out << row(cost);
    }
}

} // namespace portscan
