// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/report_page.h"

#include "sim/report_json.h"
#include "tests/page_data.h"
#include "tests/replay_samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace portscan {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::uint64_t start_ns = 1'281'737'521'000'000'001;

FrameOutcome outcome(std::uint64_t time_ns, Verdict verdict) {
    return {.number = 1, .time_ns = time_ns, .result = RunResult{.verdict = verdict}};
}

std::string page_of(const std::vector<ReplayReport> &reports,
                    const std::string &command_line = "xdp-portscan-sim replay") {
    std::ostringstream out;
    ReportPage page{out, sample_context(), command_line};
    for (const ReplayReport &report : reports) page.report(report, Timeline{});
    page.close();
    return out.str();
}

json line_of(const ReplayReport &report) {
    std::ostringstream out;
    write_json(out, report, sample_context());
    return json::parse(out.str());
}

TEST(ReportPage, HoldsTheLineOfEachCapture) {
    const auto captures =
        page_data(page_of({sample_report(), honest_report()}), "class=\"capture\"");
    ASSERT_THAT(captures, SizeIs(2));
    EXPECT_EQ(captures[0], line_of(sample_report()));
    EXPECT_EQ(captures[1], line_of(honest_report()));
}

/// The page parses what stands before them for itself.
TEST(ReportPage, SourcesStandLastInALine) {
    const std::string page = page_of({sample_report()});
    const auto sources = page.find(",\"sources\":[");
    ASSERT_NE(sources, std::string::npos);
    const auto line = page.rfind("class=\"capture\">", sources) + 16;
    json head = json::parse(page.substr(line, sources - line) + "}");
    json whole = line_of(sample_report());
    whole.erase("sources");
    EXPECT_EQ(head, whole);
}

TEST(ReportPage, IsOnePageFromItsHeadToItsEnd) {
    const std::string page = page_of({sample_report()});
    EXPECT_THAT(page, AllOf(StartsWith("<!DOCTYPE html>"), EndsWith("</html>\n")));
    for (const char *mark : {"<!--policy-->", "<!--data-->", "/*style*/", "/*script*/"})
        EXPECT_THAT(page, Not(HasSubstr(mark)));
    EXPECT_THAT(page, Not(HasSubstr("sourceMappingURL")));
}

TEST(ReportPage, CountsFramesByTime) {
    std::ostringstream out;
    ReportPage page{out, sample_context(), ""};
    Timeline first, second;
    add_to(first, outcome(start_ns, Verdict::pass));
    add_to(first, outcome(start_ns + 500, Verdict::drop));
    add_to(first,
           {.number = 3, .time_ns = start_ns + 1'000, .result = {}, .skip = Skip::too_short});
    add_to(first, outcome(start_ns + 2'999, Verdict::aborted));
    page.report(sample_report(), first);
    add_to(second, outcome(start_ns + 7, Verdict::drop));
    page.report(honest_report(), second);
    page.close();
    const auto figures = page_data(out.str(), "class=\"figures\"");
    ASSERT_THAT(figures, SizeIs(2));
    EXPECT_EQ(figures[0], json::parse(R"({
        "sources": 5, "blocked_sources": 1,
        "timeline": {"start": "1281737521.000000001", "end": "1281737521.000003000",
                     "bin_ns": 1000, "passed": [1, 0, 0], "dropped": [1, 0, 0]}})"));
    EXPECT_EQ(figures[1]["timeline"]["start"], "1281737521.000000008");
    EXPECT_EQ(figures[1]["timeline"]["dropped"], json::parse("[1]"));
    EXPECT_EQ(figures[1]["blocked_sources"], 0);
}

TEST(ReportPage, NothingOfACaptureIsMarkup) {
    const std::string hostile =
        "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>";
    ReplayReport report = sample_report();
    report.capture = hostile;
    report.damage = hostile;
    std::ostringstream out;
    ReportPage page{out, sample_context(), "xdp-portscan-sim replay '" + hostile + "'"};
    page.report(report, Timeline{});
    page.failure(hostile);
    page.close();
    EXPECT_THAT(out.str(), AllOf(Not(HasSubstr("alert(1)</script>")), Not(HasSubstr("<img")),
                                 Not(HasSubstr("</script><script>alert"))));
    const auto captures = page_data(out.str(), "class=\"capture\"");
    ASSERT_THAT(captures, SizeIs(1));
    EXPECT_EQ(captures[0], line_of(report));
    const auto run = page_data(out.str(), "id=\"run\"");
    ASSERT_THAT(run, SizeIs(1));
    EXPECT_EQ(run[0]["command_line"], "xdp-portscan-sim replay '" + hostile + "'");
    EXPECT_EQ(run[0]["failures"], json::array({hostile}));
}

TEST(ReportPage, NamesThatAreNotUtf8DoNotBreakIt) {
    const auto run = page_data(page_of({}, "caf\xe9.pcap"), "id=\"run\"");
    ASSERT_THAT(run, SizeIs(1));
    EXPECT_EQ(run[0]["command_line"], "caf\xef\xbf\xbd.pcap");
}

/// The library's texts hold addresses of its own documentation, which nothing follows.
TEST(ReportPage, ForbidsEverythingButItself) {
    const std::string page = page_of({sample_report()});
    EXPECT_THAT(page, HasSubstr("<meta http-equiv=\"Content-Security-Policy\" "
                                "content=\"default-src 'none'; script-src 'sha256-"));
    for (const char *reference : {" src=\"", " href=\"", "@import", "url(", "<link"}) {
        const auto script = page.rfind("<script>");
        EXPECT_THAT(page.substr(0, script), Not(HasSubstr(reference)));
    }
}

TEST(ReportPage, WithoutItsEndSaysSo) {
    std::ostringstream out;
    ReportPage page{out, sample_context(), ""};
    page.report(sample_report(), Timeline{});
    EXPECT_THAT(out.str(), AllOf(HasSubstr("did not come to its end"), HasSubstr("<main hidden>"),
                                 Not(HasSubstr("<script>"))));
}

} // namespace
} // namespace portscan
