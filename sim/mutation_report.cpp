// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mutation_report.h"

#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace portscan {
namespace {

using Json = nlohmann::ordered_json;

Json survivor_json(const Mutant &mutant, bool unreached) {
    return {{"file", mutant.line.file},
            {"line", mutant.line.line},
            {"function", mutant.function},
            {"text", mutant.line.text},
            {"kind", to_string(mutant.mutation.kind)},
            {"change", mutant.mutation.change},
            {"instruction", mutant.mutation.index},
            {"reached", !unreached}};
}

/// Rounded down, so that 100 stands for all and the limit that is asked for is reached.
std::string percent(double rate) {
    return fmt::format("{:.1f}", std::floor(rate * 10) / 10);
}

} // namespace

double MutationReport::rate() const {
    const std::size_t different = killed + survivors.size();
    if (different == 0) return 100;
    return 100.0 * static_cast<double>(killed) / static_cast<double>(different);
}

MutationReport make_report(const std::vector<Mutant> &mutants, const std::vector<Fate> &fates,
                           const std::vector<EquivalentMutants> &list, const std::string &list_path,
                           bool all) {
    MutationReport report;
    report.tried = mutants.size();
    std::vector<const Mutant *> survivors;
    std::vector<bool> unreached;
    for (std::size_t i = 0; i < mutants.size(); ++i) {
        report.refused += fates[i] == Fate::refused;
        report.killed += fates[i] == Fate::killed || fates[i] == Fate::on_stage;
        report.on_stage += fates[i] == Fate::on_stage;
        if (fates[i] != Fate::survived && fates[i] != Fate::unreached) continue;
        survivors.push_back(&mutants[i]);
        unreached.push_back(fates[i] == Fate::unreached);
    }
    EquivalentsCheck check = check_equivalents(list, list_path, survivors, all);
    for (std::size_t i = 0; i < survivors.size(); ++i) {
        report.equivalent += check.listed[i];
        if (check.listed[i]) continue;
        report.survivors.push_back(*survivors[i]);
        report.unreached.push_back(unreached[i]);
    }
    report.problems = std::move(check.problems);
    return report;
}

void write_text(std::ostream &out, const MutationReport &report) {
    out << fmt::format("detector {}, {} cases, {} of {} mutants\n",
                       report.object_sha256.substr(0, 12), report.cases, report.tried,
                       report.found);
    for (std::size_t i = 0; i < report.survivors.size(); ++i)
        out << fmt::format("{}: {}\n    {}\n", report.unreached[i] ? "not reached" : "survived",
                           describe(report.survivors[i]), report.survivors[i].line.text);
    out << fmt::format("{} mutants: {} refused by the verifier, {} equivalent, {} killed, {} "
                       "of those on stages alone, {} survived: {} % of those that differ are "
                       "killed\n",
                       report.tried, report.refused, report.equivalent, report.killed,
                       report.on_stage, report.survivors.size(), percent(report.rate()));
}

void write_json(std::ostream &out, const MutationReport &report) {
    Json survivors = Json::array();
    for (std::size_t i = 0; i < report.survivors.size(); ++i)
        survivors.push_back(survivor_json(report.survivors[i], report.unreached[i]));
    const bool sampled = report.tried != report.found;
    const Json object{{"schema", "xdp-portscan-sim/mutate/1"},
                      {"object_sha256", report.object_sha256},
                      {"cases", report.cases},
                      {"found", report.found},
                      {"mutants", report.tried},
                      {"seed", sampled ? Json(report.seed) : Json()},
                      {"refused", report.refused},
                      {"equivalent", report.equivalent},
                      {"killed", report.killed},
                      {"killed_on_stages", report.on_stage},
                      {"survived", report.survivors.size()},
                      {"rate", report.rate()},
                      {"survivors", survivors},
                      {"problems", report.problems}};
    // Names of files need not be UTF-8.
    out << object.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}

} // namespace portscan
