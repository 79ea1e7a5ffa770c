// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/comparison_report.h"

#include "sim/frame_comment.h"
#include "sim/packet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

namespace portscan {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

FrameOutcome ran(Verdict verdict, Reason reason) {
    FrameOutcome outcome;
    outcome.result = RunResult{.verdict = verdict, .reason = reason};
    return outcome;
}

const FrameOutcome recorded = ran(Verdict::pass, Reason::recorded);
const FrameOutcome known = ran(Verdict::pass, Reason::known);
const FrameOutcome threshold = ran(Verdict::drop, Reason::threshold);

ReplayReport blocked(const char *source, std::uint64_t frame) {
    ReplayReport report;
    report.sources.push_back({.address = Prefix::parse(source).value()});
    report.sources[0].blocks.push_back({.at_ns = 1, .frame = frame});
    return report;
}

class ComparisonTest : public testing::Test {
  protected:
    CapturedFrame frame(const Host &source) {
        bytes = tcp(source, "10.0.0.9", 22, "S").bytes();
        return {.number = ++number, .time_ns = number, .wire_length = bytes.size(), .bytes = bytes};
    }

    Comparison comparison{64, 2};
    Bytes bytes;
    std::uint64_t number = 0;
};

TEST_F(ComparisonTest, VerdictsThatChangeAreCountedByFrameAndSource) {
    comparison.observe(frame("10.0.0.1"), recorded, recorded);
    comparison.observe(frame("10.0.0.1"), recorded, known); // another reason alone
    comparison.observe(frame("10.0.0.1"), recorded, threshold);
    comparison.observe(frame("10.0.0.2"), threshold, recorded);
    comparison.observe(frame("10.0.0.1"), recorded, threshold);
    comparison.observe(frame("10.0.0.3"), {}, {}); // left out
    const ComparisonReport report = comparison.report({}, {});
    EXPECT_EQ(report.packets, 6);
    EXPECT_EQ(report.changed, 3);
    EXPECT_EQ(report.changes.at({Verdict::pass, Verdict::drop}), 2);
    EXPECT_EQ(report.changes.at({Verdict::drop, Verdict::pass}), 1);
    ASSERT_THAT(report.frames, SizeIs(2)) << "as many as were asked for";
    EXPECT_EQ(report.frames[0].number, 3);
    EXPECT_EQ(report.frames[0].summary, "10.0.0.1:40000 > 10.0.0.9:22 S");
    ASSERT_THAT(report.sources, SizeIs(2));
    EXPECT_EQ(report.sources[0].first_frame, 3);
    EXPECT_EQ(report.sources[0].newly_dropped, 2);
    EXPECT_EQ(report.sources[1].newly_passed, 1);
    EXPECT_TRUE(report.differs());
}

TEST_F(ComparisonTest, SourceBlockedElsewhereIsAChange) {
    EXPECT_FALSE(comparison.report(blocked("10.0.0.1", 4), blocked("10.0.0.1", 4)).differs());
    const auto later = comparison.report(blocked("10.0.0.1", 4), blocked("10.0.0.1", 5));
    ASSERT_THAT(later.sources, SizeIs(1));
    EXPECT_EQ(later.sources[0].blocked_before, 4);
    EXPECT_EQ(later.sources[0].blocked_after, 5);
    const auto other = comparison.report(blocked("10.0.0.1", 4), blocked("10.0.0.2", 4));
    ASSERT_THAT(other.sources, SizeIs(2));
    EXPECT_EQ(other.sources[0].blocked_after, std::nullopt);
    EXPECT_EQ(other.sources[1].blocked_before, std::nullopt);
    EXPECT_TRUE(other.differs());
}

TEST_F(ComparisonTest, JsonHasBothSides) {
    comparison.observe(frame("10.0.0.1"), recorded, threshold);
    ComparisonReport report = comparison.report({}, blocked("10.0.0.1", 1));
    report.input = "x.pcap";
    std::ostringstream out;
    write_comparison_json(out, report, {"aa", {}}, {"bb", {.max_ports = 1}});
    EXPECT_EQ(out.str().find('\n'), out.str().size() - 1);
    const json object = json::parse(out.str());
    EXPECT_EQ(object["schema"], "xdp-portscan-sim/compare/1");
    EXPECT_EQ(object["a"]["object_sha256"], "aa");
    EXPECT_EQ(object["b"]["options"]["max-ports"], 1);
    EXPECT_EQ(object["changes"], json::parse(R"({"pass>drop": 1})"));
    EXPECT_EQ(object["frames"][0], json::parse(R"({
        "frame": 1, "time": "0.000000001", "a": {"verdict": "pass", "reason": "recorded"},
        "b": {"verdict": "drop", "reason": "threshold"},
        "summary": "10.0.0.1:40000 > 10.0.0.9:22 S"})"));
    EXPECT_EQ(object["frames_omitted"], 0);
    EXPECT_EQ(object["sources"][0], json::parse(R"({
        "address": "10.0.0.1", "first_frame": 1, "newly_dropped": 1, "newly_passed": 0,
        "a": {"blocked": false, "blocked_at_frame": null},
        "b": {"blocked": true, "blocked_at_frame": 1}})"));
    EXPECT_TRUE(object["damage"].is_null());
}

TEST_F(ComparisonTest, TextNamesSourcesAndFrames) {
    comparison.observe(frame("10.0.0.1"), recorded, threshold);
    ComparisonReport report = comparison.report({}, blocked("10.0.0.1", 1));
    report.input = "x\x1b.pcap";
    EXPECT_THAT(comparison_text(report),
                AllOf(HasSubstr("x?.pcap: 1 of 1 frames change, 1 pass>drop\n"),
                      HasSubstr("not blocked > blocked at frame 1; 1 frames newly dropped"),
                      HasSubstr("pass (recorded) > drop (threshold)  10.0.0.1:40000")));
    report = {.input = "x", .packets = 7};
    EXPECT_EQ(comparison_text(report), "x: 0 of 7 frames change\n");
    report.sources.assign(30, {.address = Prefix::parse("10.0.0.1").value()});
    EXPECT_THAT(comparison_text(report), HasSubstr("and 10 more sources: --json lists them all\n"));
}

TEST_F(ComparisonTest, CommentSaysBothWhereTheyDiffer) {
    EXPECT_EQ(compared_comment(frame("10.0.0.1"), recorded, threshold, 64),
              "xdp: changed verdict=pass>drop reason=recorded>threshold source=10.0.0.1 port=22");
    EXPECT_EQ(compared_comment(frame("10.0.0.1"), recorded, known, 64),
              "xdp: verdict=pass reason=recorded>known source=10.0.0.1 port=22");
    FrameOutcome skipped;
    skipped.skip = Skip::outgoing;
    EXPECT_EQ(compared_comment(frame("10.0.0.1"), skipped, skipped, 64), "xdp: skipped=outgoing");
    EXPECT_EQ(compared_comment(frame("10.0.0.1"), {}, {}, 64), "xdp: not_selected");
}

} // namespace
} // namespace portscan
