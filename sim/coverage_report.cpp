// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/coverage_report.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace portscan {
namespace {

using Json = nlohmann::ordered_json;

/// What a source file has.
using FileTotals = std::map<std::string, CoverageTotals>;

FileTotals totals_by_file(const CoverageReport &report) {
    std::map<std::string, CoverageReport> files;
    for (const BlockCoverage &block : report.blocks)
        files[block.lines.front().file].blocks.push_back(block);
    for (BranchCoverage branch : report.branches) {
        const BlockCoverage &block = report.blocks[branch.block];
        CoverageReport &file = files[branch.line.file];
        // Only for is_exempt(): totals count blocks by the file that they stand in.
        file.blocks.push_back(block);
        branch.block = file.blocks.size() - 1;
        file.branches.push_back(branch);
    }
    FileTotals totals;
    for (const auto &[name, file] : files) {
        CoverageReport blocks{.blocks = {}, .branches = {}};
        for (const BlockCoverage &block : report.blocks)
            if (block.lines.front().file == name) blocks.blocks.push_back(block);
        totals[name] = totals_of(blocks);
        const CoverageTotals branches = totals_of(file);
        totals[name].branches = branches.branches;
        totals[name].branches_covered = branches.branches_covered;
    }
    return totals;
}

std::string place(const SourceLine &line, const std::string &function) {
    return fmt::format("{}:{}: in {}: {}", line.file, line.line, function, line.text);
}

void write_row(std::ostream &out, const std::string &name, const CoverageTotals &totals) {
    out << fmt::format("{:<24} {:>5} of {:>5} blocks {:>6.1f} %  {:>5} of {:>5} branches", name,
                       totals.covered, totals.blocks, totals.percent(), totals.branches_covered,
                       totals.branches);
    if (totals.exempt != 0) out << fmt::format("  {:>3} unreachable", totals.exempt);
    out << '\n';
}

Json uncovered_json(const CoverageReport &report) {
    Json list = Json::array();
    for (const BlockCoverage &block : report.blocks) {
        if (block.is_covered() || block.is_exempt()) continue;
        const SourceLine &line = block.lines.front();
        list.push_back({{"file", line.file},
                        {"line", line.line},
                        {"function", block.function},
                        {"text", line.text}});
    }
    return list;
}

/// What lcov wants to know of one file.
struct LcovFile {
    std::map<unsigned, std::uint64_t> lines;
    std::vector<std::string> branches;
    std::map<std::string, std::pair<unsigned, std::uint64_t>> functions;
    std::size_t ways = 0, ways_taken = 0;
};

std::map<std::string, LcovFile> lcov_files(const CoverageReport &report) {
    std::map<std::string, LcovFile> files;
    std::set<std::string> functions;
    for (const BlockCoverage &block : report.blocks) {
        if (block.is_exempt()) continue;
        for (const SourceLine &line : block.lines) {
            auto &hits = files[line.file].lines[line.line];
            hits = std::max(hits, block.hits);
        }
        const SourceLine &first = block.lines.front();
        if (functions.insert(block.function).second)
            files[first.file].functions[block.function] = {first.line, block.hits};
    }
    for (std::size_t i = 0; i < report.branches.size(); ++i) {
        const BranchCoverage &branch = report.branches[i];
        const BlockCoverage &block = report.blocks[branch.block];
        if (block.is_exempt()) continue;
        LcovFile &file = files[branch.line.file];
        for (const auto &[way, count] :
             {std::pair{0, branch.count.taken}, {1, branch.count.fell}}) {
            file.branches.push_back(
                fmt::format("BRDA:{},{},{},{}", branch.line.line, i, way,
                            block.is_covered() ? fmt::format("{}", count) : "-"));
            ++file.ways;
            file.ways_taken += count != 0 ? 1U : 0U;
        }
    }
    return files;
}

} // namespace

void write_coverage_table(std::ostream &out, const CoverageReport &report) {
    for (const auto &[name, totals] : totals_by_file(report)) write_row(out, name, totals);
    const CoverageTotals totals = totals_of(report);
    write_row(out, "all", totals);
    out << fmt::format("{} blocks ran in scenarios, {} in stages of cover alone\n",
                       report.covered_by_scenarios, totals.covered - report.covered_by_scenarios);
    for (const BlockCoverage &block : report.blocks)
        if (!block.is_covered() && !block.is_exempt())
            out << "not run: " << place(block.lines.front(), block.function) << '\n';
    for (const BranchCoverage &branch : report.branches) {
        const BlockCoverage &block = report.blocks[branch.block];
        if (!block.is_covered() || block.is_exempt()) continue;
        const auto never = [&](const char *way) {
            out << "never " << way << ": " << place(branch.line, block.function) << '\n';
        };
        if (branch.count.taken == 0) never("jumped");
        if (branch.count.fell == 0) never("fallen through");
    }
}

void write_lcov(std::ostream &out, const CoverageReport &report, const std::string &root) {
    for (const auto &[name, file] : lcov_files(report)) {
        out << "TN:\nSF:" << root << name << '\n';
        std::size_t called = 0;
        for (const auto &[function, facts] : file.functions) {
            out << fmt::format("FN:{},{}\nFNDA:{},{}\n", facts.first, function, facts.second,
                               function);
            called += facts.second != 0 ? 1U : 0U;
        }
        out << fmt::format("FNF:{}\nFNH:{}\n", file.functions.size(), called);
        for (const std::string &branch : file.branches) out << branch << '\n';
        out << fmt::format("BRF:{}\nBRH:{}\n", file.ways, file.ways_taken);
        std::size_t hit = 0;
        for (const auto &[line, hits] : file.lines) {
            out << fmt::format("DA:{},{}\n", line, hits);
            hit += hits != 0 ? 1U : 0U;
        }
        out << fmt::format("LF:{}\nLH:{}\nend_of_record\n", file.lines.size(), hit);
    }
}

void write_coverage_json(std::ostream &out, const CoverageReport &report) {
    const CoverageTotals totals = totals_of(report);
    const Json object{{"schema", coverage_schema},
                      {"blocks", totals.blocks},
                      {"covered", totals.covered},
                      {"covered_by_scenarios", report.covered_by_scenarios},
                      {"exempt", totals.exempt},
                      {"percent", totals.percent()},
                      {"branches", totals.branches},
                      {"branches_covered", totals.branches_covered},
                      {"uncovered", uncovered_json(report)}};
    out << object.dump() << '\n';
}

} // namespace portscan
