// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bench/registry/report.h"

#include "sim/measure.h"

#include <chrono>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <string_view>
#include <sys/utsname.h>

namespace portscan::bench {
namespace {

std::string cost(const Rounds &rounds) {
    return fmt::format("{:.1f} ±{:.1f}", rounds.median(), rounds.spread() / 2);
}

std::string quantiles(const Distribution &distribution) {
    if (distribution.p50.empty()) return "refused";
    return fmt::format("{:.0f} / {:.0f} / {:.0f}", distribution.p50.median(),
                       distribution.p99.median(), distribution.p999.median());
}

} // namespace

std::string cost_table(const std::vector<CandidateReport> &reports) {
    std::string table = "| registry | known port | blocked | known, 2 CPUs | blocked, 2 CPUs |\n"
                        "|---|---|---|---|---|\n";
    for (const auto &[candidate, figures, requirements] : reports)
        table +=
            fmt::format("| {} | {} | {} | {} | {} |\n", candidate.name, cost(figures.known),
                        cost(figures.blocked), cost(figures.known_two), cost(figures.blocked_two));
    return table;
}

std::string insertion_table(const std::vector<CandidateReport> &reports) {
    std::string table = "| new source, p50 / p99 / p99.9 |";
    std::string rule = "|---|";
    for (const char *fill : fill_names) {
        table += fmt::format(" {} |", fill);
        rule += "---|";
    }
    table += " memory, MB |\n" + rule + "---|\n";
    for (const auto &[candidate, figures, requirements] : reports) {
        table += fmt::format("| {} |", candidate.name);
        for (const Distribution &distribution : figures.insertion)
            table += fmt::format(" {} |", quantiles(distribution));
        table += fmt::format(" {:.0f} |\n", static_cast<double>(figures.memory) / 1e6);
    }
    return table;
}

std::string requirements_table(const std::vector<CandidateReport> &reports, const Sizes &sizes) {
    std::string table =
        fmt::format("| registry | kept of 1,000 | of {} | blocks kept of 1,000 | scanner in flood "
                    "blocked at port | new source after flood | sources of 20,000 with > 3 ports, "
                    "2 CPUs | fails |\n|---|---|---|---|---|---|---|---|\n",
                    sizes.sources);
    for (const auto &[candidate, figures, found] : reports)
        table += fmt::format(
            "| {} | {} | {} | {} | {} | {} | {} | {} |\n", candidate.name, found.kept_of_thousand,
            found.kept_of_all, found.blocks_kept,
            found.scanner_blocked_at == 0 ? "never" : std::to_string(found.scanner_blocked_at),
            found.new_source_passes ? "passes" : "dropped", found.too_many_ports, candidate.fails);
    return table;
}

std::string path_table(const std::vector<PathFigures> &paths) {
    std::string table = "| path of the shipped detector | cost | bar |\n|---|---|---|\n";
    for (const PathFigures &path : paths)
        table += fmt::format("| {} | {} | {:.1f} |\n", path.name, cost(path.cost), path.bar);
    return table;
}

std::string machine_line() {
    utsname names{};
    uname(&names);
    return fmt::format("{:%Y-%m-%d}, Linux {}, {}", fmt::gmtime(std::chrono::system_clock::now()),
                       static_cast<const char *>(names.release), cpu_name());
}

} // namespace portscan::bench
