// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/detector.h"
#include "sim/instruction.h"
#include "sim/source_lines.h"
#include "tests/small_simulator.h"

#include <algorithm>
#include <bpf/libbpf.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace portscan {
namespace {

using namespace test;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::StartsWith;

class SourceLinesOf : public testing::TestWithParam<const char *> {
  protected:
    SourceLinesOf() :
        detector{Detector::load(small())},
        text{ProgramText::of(bpf_object__find_program_by_name(detector.object(), GetParam()))},
        lines{SourceLines::read(embedded_object(), detector.object(), text)} {}

    std::set<std::string> functions() const {
        std::set<std::string> names;
        for (std::size_t i = 0; i < lines.size(); ++i) names.insert(lines.function_at(i));
        return names;
    }

    Detector detector;
    ProgramText text;
    SourceLines lines;
};
INSTANTIATE_TEST_SUITE_P(Program, SourceLinesOf,
                         testing::Values("xdp_port_scan_block", "pscan_expire"),
                         [](const auto &program) { return std::string{program.param}; });

/// The lines of a file of the project.
std::vector<std::string> read_lines(const std::string &file) {
    std::ifstream stream{PORTSCAN_SOURCE_DIR "/" + file};
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

TEST_P(SourceLinesOf, GiveEveryInstructionALineWhoseTextStandsThereInTheSource) {
    ASSERT_EQ(lines.size(), text.instructions().size());
    std::map<std::string, std::vector<std::string>> files;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const SourceLine &line = lines.at(i);
        ASSERT_THAT(line.file, StartsWith("bpf/")) << "instruction " << i;
        auto &source = files[line.file];
        if (source.empty()) source = read_lines(line.file);
        ASSERT_GE(line.line, 1U) << "instruction " << i;
        ASSERT_LE(line.line, source.size()) << line.file;
        EXPECT_FALSE(line.text.empty());
        EXPECT_THAT(source[line.line - 1], HasSubstr(line.text)) << line.file << ":" << line.line;
    }
}

TEST_P(SourceLinesOf, AreThoseOfTheFunctionThatTheInstructionIsIn) {
    for (std::size_t f = 0; f < text.functions().size(); ++f) {
        const std::string &name = lines.function_at(text.functions()[f].start);
        for (std::size_t i = text.functions()[f].start; i < text.end_of(f); ++i)
            ASSERT_EQ(lines.function_at(i), name) << i;
    }
    EXPECT_EQ(functions().size(), text.functions().size()) << "each has a name of its own";
    EXPECT_EQ(lines.function_at(0), GetParam());
}

/// The text of the line of each call of a helper.
std::set<std::string> lines_that_call(const ProgramText &text, const SourceLines &lines,
                                      int helper) {
    std::set<std::string> found;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const bpf_insn &instruction = text.instructions()[i];
        if (is_call(instruction) && instruction.src_reg == 0 && instruction.imm == helper)
            found.insert(lines.function_at(i) + ": " + lines.at(i).text);
    }
    return found;
}

TEST_P(SourceLinesOf, NameTheCallsOfHelpers) {
    const bool detector_program = std::string{GetParam()} == "xdp_port_scan_block";
    const auto expect_calls = [&](int helper, const std::set<std::string> &expected) {
        EXPECT_THAT(lines_that_call(text, lines, helper), testing::ContainerEq(expected));
    };
    if (detector_program) {
        EXPECT_THAT(functions(), IsSupersetOf({"xdp_port_scan_block", "walk_extensions",
                                               "judge_once4", "judge_once6"}));
        const std::string clock = "return bpf_ktime_get_coarse_ns();";
        expect_calls(BPF_FUNC_ktime_get_coarse_ns,
                     {"xdp_port_scan_block: " + clock, "look_again: " + clock,
                      "judge_once4: " + clock, "judge_once6: " + clock});
        const std::string reserve = "struct portscan_event *event = "
                                    "bpf_ringbuf_reserve(&pscan_events, sizeof(*event), 0);";
        expect_calls(BPF_FUNC_ringbuf_reserve,
                     {"judge_once4: " + reserve, "judge_once6: " + reserve});
    } else {
        EXPECT_THAT(functions(), IsSupersetOf({"pscan_expire", "expire_record4", "expire_record6",
                                               "sweep_ports4", "sweep_ports6"}));
        expect_calls(
            BPF_FUNC_for_each_map_elem,
            {"pscan_expire: bpf_for_each_map_elem(&pscan_ip_reg, expire_record4, &now, 0);",
             "pscan_expire: bpf_for_each_map_elem(&pscan_ip6_reg, expire_record6, &now, 0);",
             "pscan_expire: bpf_for_each_map_elem(&pscan_ports, sweep_ports4, NULL, 0);",
             "pscan_expire: bpf_for_each_map_elem(&pscan_ports6, sweep_ports6, NULL, 0);"});
    }
}

TEST(SourceLines, RefuseAnObjectWithoutThem) {
    const auto detector = Detector::load(small());
    const auto text =
        ProgramText::of(bpf_object__find_program_by_name(detector.object(), "xdp_port_scan_block"));
    const auto object = embedded_object();
    // Cuts of the file, the smallest among them: refused in a sentence, never read beyond.
    for (std::size_t size = object.size() - 1; size < object.size(); size -= 997)
        EXPECT_THROW(SourceLines::read(object.first(size), detector.object(), text), ObjectError)
            << size;
    std::vector<std::uint8_t> renamed{object.begin(), object.end()};
    const std::string_view name = ".BTF.ext";
    const auto at = std::search(renamed.begin(), renamed.end(), name.begin(), name.end());
    ASSERT_NE(at, renamed.end());
    *at = '_';
    EXPECT_THROW(SourceLines::read(renamed, detector.object(), text), ObjectError);
}

} // namespace
} // namespace portscan
