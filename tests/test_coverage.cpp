// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/capture.h"
#include "sim/coverage.h"
#include "sim/coverage_report.h"
#include "sim/scenario.h"
#include "sim/unreachable.h"
#include "tests/small_simulator.h"
#include "tests/temporary_directory.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace portscan {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> bundled_captures() {
    std::vector<std::string> paths;
    for (const auto &entry : std::filesystem::directory_iterator{PORTSCAN_SOURCE_DIR "/pcaps"}) {
        const std::string name = entry.path().filename();
        if (name.find(".pcap") != std::string::npos) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

/// The registry as it can be compared; every field that the program writes.
std::vector<std::string> records_of(const Simulator &simulator) {
    std::vector<std::string> records;
    for (const SourceRecord &record : simulator.sources()) {
        std::ostringstream text;
        text << record.source.to_string() << ' ' << record.blocked << ' ' << record.timestamp_ns
             << ' ' << record.trigger_port;
        for (const auto port : record.ports) text << ' ' << port;
        records.push_back(text.str());
    }
    std::sort(records.begin(), records.end());
    return records;
}

TEST(Coverage, ChangesNoVerdictReasonRecordOrCounterOfTheBundledCaptures) {
    constexpr std::size_t most_frames = 3'000; // of a capture
    const Coverage coverage{""};
    const auto options = small({.max_ports = 3, .block_for = std::chrono::minutes{1}});
    const auto captures = bundled_captures();
    ASSERT_THAT(captures, SizeIs(testing::Ge(20U)));
    Simulator shipped{options};
    Simulator counting{options, {.change = [&](ProgramText &text) { coverage.put_into(text); }}};
    std::size_t run = 0;
    for (const std::string &path : captures) {
        CaptureReader reader = CaptureReader::open(path, {});
        for (std::size_t i = 0; i < most_frames; ++i) {
            const auto frame = reader.next();
            if (!frame) break;
            if (frame->bytes.size() < 14 || frame->bytes.size() > shipped.max_frame_size())
                continue;
            shipped.set_time(frame->time_ns);
            counting.set_time(frame->time_ns);
            const RunResult expected = shipped.step(frame->bytes);
            const RunResult got = counting.step(frame->bytes);
            ASSERT_EQ(got.verdict, expected.verdict) << path << " frame " << frame->number;
            ASSERT_EQ(got.reason, expected.reason) << path << " frame " << frame->number;
            ++run;
        }
        shipped.expire();
        counting.expire();
        EXPECT_EQ(records_of(counting), records_of(shipped)) << path;
        EXPECT_EQ(counting.counters().values, shipped.counters().values) << path;
    }
    EXPECT_GT(run, 10'000U);
}

/// Hits of the blocks that start at a line of that text.
std::vector<std::uint64_t> hits_of(const CoverageReport &report, std::string_view text) {
    std::vector<std::uint64_t> hits;
    for (const BlockCoverage &block : report.blocks)
        if (block.lines.front().text.find(text) != std::string::npos) hits.push_back(block.hits);
    return hits;
}

TEST(Coverage, CountsWhatRan) {
    const Coverage coverage{""};
    Simulator simulator{small(), {.change = [&](ProgramText &text) { coverage.put_into(text); }}};
    for (unsigned i = 0; i < 7; ++i) simulator.run(udp("10.0.0.1", "10.0.0.9", 53));
    const CoverageReport report = coverage.report();
    EXPECT_EQ(report.blocks.front().hits, 7U) << "every packet enters";
    EXPECT_THAT(hits_of(report, "reason = judge_once4"), testing::Each(0U)) << "no probe";
    for (const BranchCoverage &branch : report.branches)
        EXPECT_EQ(branch.count.taken + branch.count.fell, report.blocks[branch.block].hits)
            << branch.line.file << ":" << branch.line.line;
    const CoverageTotals totals = totals_of(report);
    EXPECT_GT(totals.covered, 3U);
    EXPECT_LT(totals.covered, totals.blocks / 2);
}

CoverageReport two_blocks() {
    const SourceLine ran{.file = "bpf/a.h", .line = 3, .text = "ran();"};
    const SourceLine not_run{.file = "bpf/a.h", .line = 5, .text = "not_run();"};
    CoverageReport report;
    report.blocks.push_back({.program = "p", .function = "f", .lines = {ran}, .hits = 4});
    report.blocks.push_back({.program = "p", .function = "f", .lines = {not_run}, .hits = 0});
    report.branches.push_back({.block = 0, .line = ran, .count = {.taken = 0, .fell = 4}});
    report.covered_by_scenarios = 1;
    return report;
}

TEST(CoverageReport, IsLcovsFormat) {
    std::ostringstream out;
    write_lcov(out, two_blocks(), "src/");
    EXPECT_EQ(out.str(), "TN:\nSF:src/bpf/a.h\nFN:3,f\nFNDA:4,f\nFNF:1\nFNH:1\nBRDA:3,0,0,0\n"
                         "BRDA:3,0,1,4\nBRF:2\nBRH:1\nDA:3,4\nDA:5,0\nLF:2\nLH:1\nend_of_record\n");
}

TEST(CoverageReport, NamesWhatDidNotRun) {
    std::ostringstream out;
    write_coverage_table(out, two_blocks());
    EXPECT_THAT(out.str(), HasSubstr("1 blocks ran in scenarios, 0 in stages of cover alone"));
    EXPECT_THAT(out.str(), HasSubstr("not run: bpf/a.h:5: in f: not_run();"));
    EXPECT_THAT(out.str(), HasSubstr("never jumped: bpf/a.h:3: in f: ran();"));
    std::ostringstream json;
    write_coverage_json(json, two_blocks());
    EXPECT_THAT(
        json.str(),
        HasSubstr(
            R"({"schema":"xdp-portscan-sim/cover/1","blocks":2,"covered":1,"covered_by_scenarios":1,"exempt":0,)"
            R"("percent":50.0,"branches":2,"branches_covered":1)"));
}

Unreachable entry(std::string text) {
    return {.file = "bpf/a.h",
            .functions = {"f"},
            .text = std::move(text),
            .reason = "because",
            .line = 9};
}

TEST(UnreachableList, TakesBlocksOutOfTheSum) {
    CoverageReport report = two_blocks();
    EXPECT_THAT(mark_unreachable(report, {entry("not_run();")}, "list"), IsEmpty());
    const CoverageTotals totals = totals_of(report);
    EXPECT_EQ(totals.blocks, 1U);
    EXPECT_EQ(totals.exempt, 1U);
    EXPECT_EQ(totals.percent(), 100.0);
}

TEST(UnreachableList, IsWrongWhereABlockRanOrIsNotThere) {
    CoverageReport report = two_blocks();
    EXPECT_THAT(mark_unreachable(report, {entry("ran();")}, "list"),
                ElementsAre("list:9: 'ran();' in f did run: take the entry out"));
    EXPECT_THAT(mark_unreachable(report, {entry("gone();")}, "list"),
                ElementsAre(HasSubstr("no block of f starts at 'gone();' of bpf/a.h")));
    EXPECT_EQ(totals_of(report).exempt, 0U);
}

TEST(UnreachableList, IsReadFromToml) {
    const TemporaryDirectory directory;
    const std::string path = directory / "list.toml";
    std::ofstream{path} << "[[block]]\nfile = 'a.h'\nfunction = ['f', 'g']\ntext = 'x'\n"
                           "reason = 'y'\nblocks = 2\n";
    const auto list = read_unreachable(path);
    ASSERT_THAT(list, SizeIs(1));
    EXPECT_THAT(list[0].functions, ElementsAre("f", "g"));
    EXPECT_EQ(list[0].blocks, 2U);
    std::ofstream{path} << "[[block]]\nfile = 'a.h'\nfunction = 'f'\ntext = 'x'\nblocks = 0\n";
    EXPECT_THROW(read_unreachable(path), ScenarioError) << "no reason, no number";
}

} // namespace
} // namespace portscan
