// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/coverage.h"

#include "loader/detector.h"

#include <algorithm>
#include <bpf/libbpf.h>

namespace portscan {
namespace {

/// The lines of a block: those that the compiler names, or else the one before. Each once, the
/// first one first.
std::vector<SourceLine> lines_of(const SourceLines &lines, const Block &block) {
    std::vector<SourceLine> found;
    const auto add = [&found](SourceLine line) {
        line.column = 0;
        if (std::find(found.begin(), found.end(), line) == found.end())
            found.push_back(std::move(line));
    };
    for (std::size_t i = block.begin; i < block.end; ++i)
        if (!lines.at(i).is_near) add(lines.at(i));
    if (found.empty()) add(lines.at(block.begin));
    return found;
}

} // namespace

double CoverageTotals::percent() const {
    return blocks == 0 ? 100.0 : 100.0 * static_cast<double>(covered) / static_cast<double>(blocks);
}

CoverageTotals totals_of(const CoverageReport &report) {
    CoverageTotals totals;
    for (const BlockCoverage &block : report.blocks) {
        if (block.is_exempt()) {
            ++totals.exempt;
            continue;
        }
        ++totals.blocks;
        totals.covered += block.is_covered() ? 1U : 0U;
    }
    for (const BranchCoverage &branch : report.branches) {
        if (report.blocks[branch.block].is_exempt()) continue;
        totals.branches += 2;
        totals.branches_covered +=
            (branch.count.taken != 0 ? 1U : 0U) + (branch.count.fell != 0 ? 1U : 0U);
    }
    return totals;
}

Coverage::Coverage(const std::string &object_path) {
    // Small: it is only looked at.
    DetectorOptions options;
    options.max_sources = options.max_sources6 = 16;
    const Detector detector = Detector::load(options, {.object_path = object_path, .prepare = {}});
    const auto file = read_object(object_path);
    for (const char *const name : {"xdp_port_scan_block", "pscan_expire"}) {
        const ProgramText text =
            ProgramText::of(bpf_object__find_program_by_name(detector.object(), name));
        programs_.push_back({.name = name,
                             .lines = SourceLines::read(file, detector.object(), text),
                             .counters = BlockCounters{text}});
    }
}

void Coverage::put_into(ProgramText &text) const {
    for (const Program &program : programs_)
        if (program.name == text.name()) program.counters.put_into(text);
}

void Coverage::put_into(ProgramText &text, const Interference &other) const {
    for (const Program &program : programs_) {
        if (program.name != text.name()) continue;
        program.counters.put_into(text, other.insertions(text, program.counters.flow()));
    }
}

void Coverage::add_report(const Program &program, CoverageReport &report) const {
    const std::size_t first = report.blocks.size();
    const auto hits = program.counters.blocks();
    const ControlFlow &flow = program.counters.flow();
    for (std::size_t b = 0; b < flow.blocks.size(); ++b)
        report.blocks.push_back({.program = program.name,
                                 .function = program.lines.function_at(flow.blocks[b].begin),
                                 .lines = lines_of(program.lines, flow.blocks[b]),
                                 .hits = hits[b]});
    const auto counts = program.counters.branches();
    for (std::size_t i = 0; i < flow.branches.size(); ++i)
        report.branches.push_back({.block = first + flow.branches[i].block,
                                   .line = program.lines.at(flow.branches[i].place),
                                   .count = counts[i]});
}

CoverageReport Coverage::report() const {
    CoverageReport report;
    for (const Program &program : programs_) add_report(program, report);
    return report;
}

} // namespace portscan
