// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/report_page.h"
#include "tests/replay_samples.h"
#include "tests/report_in_browser.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace portscan {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Counts as the JSON has them.
std::vector<std::string> without_commas(std::vector<std::string> texts) {
    for (std::string &text : texts) std::erase(text, ',');
    return texts;
}

TEST_F(ReportInBrowserTest, ShowsTheFiguresOfTheJson) {
    const json report = replay({capture("scan.pcap", three_sources)}).at(0);
    EXPECT_THAT(browser_.complaints(), IsEmpty());
    EXPECT_THAT(text("#outcome"), HasSubstr("10.0.0.1 was blocked at frame 5 with port 443"));
    EXPECT_EQ(value("#tiles", "Packets"), report["packets"].dump());
    EXPECT_EQ(value("#tiles", "Passed"), report["verdicts"]["pass"].dump());
    EXPECT_EQ(value("#tiles", "Dropped"), report["verdicts"]["drop"].dump());
    EXPECT_EQ(value("#tiles", "Sources blocked"), "2");
    EXPECT_EQ(value("#tiles", "Duration"), "12 s");
    for (const auto &[name, count] : report["counters"].items())
        EXPECT_EQ(value("#counters", name), count.dump()) << name;
    std::vector<std::string> percentiles;
    for (const char *name : {"p50", "p90", "p99", "p999", "max"})
        percentiles.push_back(report["latency_ns"][name].dump() + " ns");
    EXPECT_EQ(without_commas(texts("#percentile-values td")), percentiles);
    EXPECT_EQ(value("#run-facts", "Kernel"), report["kernel"].get<std::string>());
    EXPECT_EQ(value("#run-facts", "Object, SHA-256"), report["object_sha256"].get<std::string>());
    EXPECT_EQ(value("#options", "--window"), report["options"]["window"].get<std::string>());
}

TEST_F(ReportInBrowserTest, ShowsEachSource) {
    const json report = replay({capture("scan.pcap", three_sources)}).at(0);
    ASSERT_EQ(report["sources"][0]["address"], "10.0.0.1");
    EXPECT_THAT(column("Source"), ElementsAre("10.0.0.1", "10.0.0.3", "10.0.0.20"));
    EXPECT_THAT(column("State"), ElementsAre("blocked", "blocked", "active"));
    EXPECT_THAT(column("First seen"),
                ElementsAre("22:13:20.000000Z", "22:13:26.000000Z", "22:13:22.000000Z"));
    EXPECT_THAT(column("Ports in order"),
                ElementsAre("22, 23, 25 then 443", "1, 2, 3 then 4", "80, 2222"));
    EXPECT_THAT(column("Blocked at frame"), ElementsAre("5", "10", ""));
    EXPECT_THAT(column("Time of the block"),
                ElementsAre("22:13:24.000000Z", "22:13:29.000000Z", ""));
    EXPECT_THAT(column("Dropped"), ElementsAre("2", "3", "0"));
    EXPECT_THAT(column("Got through"), ElementsAre("3", "3", "2"));
    EXPECT_THAT(column("Ports that got through"), ElementsAre("3", "3", "2"));
    EXPECT_THAT(column("Answered"), ElementsAre("0", "0", "0"));
    EXPECT_THAT(column("Likely honest"), ElementsAre("", "", ""));
}

TEST_F(ReportInBrowserTest, NothingIsLoadedButTheFile) {
    replay({capture("scan.pcap", three_sources)});
    ASSERT_THAT(browser_.requests(), SizeIs(testing::Ge(1u)));
    EXPECT_THAT(browser_.requests().front(), HasSubstr("report.html"));
    for (const std::string &address : browser_.requests()) {
        EXPECT_TRUE(address == browser_.requests().front() || address.starts_with("data:"))
            << address;
    }
}

TEST_F(ReportInBrowserTest, NamesTheCommandThatRepeatsIt) {
    const std::string scan = capture("a scan.pcap", three_sources);
    replay({"--filter", "tcp[0] < 5 or host 10.0.0.1", "--max-ports", "5", scan});
    const std::string command = text("#command-line");
    EXPECT_THAT(command, AllOf(HasSubstr("xdp-portscan-sim replay --json --html "),
                               HasSubstr("--filter 'tcp[0] < 5 or host 10.0.0.1' --max-ports 5 '"),
                               HasSubstr("a scan.pcap'")));
}

TEST_F(ReportInBrowserTest, ChoosesBetweenCaptures) {
    const std::string scan = capture("scan.pcap", three_sources);
    const std::string honest = capture("honest.pcap", {{"10.0.0.7", 80}});
    replay({scan, honest});
    EXPECT_THAT(texts("#capture-rows button"), ElementsAre("scan.pcap", "honest.pcap"));
    EXPECT_THAT(texts("#capture-rows td:nth-child(4)"), ElementsAre("5", "0"));
    EXPECT_EQ(value("#run-facts", "Capture"), scan);
    click("#next-capture");
    EXPECT_EQ(text("#outcome"), "Nobody was blocked.");
    EXPECT_EQ(value("#run-facts", "Capture"), honest);
    EXPECT_THAT(column("Source"), ElementsAre("10.0.0.7"));
    EXPECT_EQ(browser_.evaluate("document.querySelector('#next-capture').disabled"), true);
    click("#capture-rows tr:first-child button");
    EXPECT_THAT(column("Source"), SizeIs(3));
    EXPECT_EQ(browser_.evaluate("document.querySelector('#chooser').value"), "0");
    EXPECT_THAT(browser_.complaints(), IsEmpty());
}

TEST_F(ReportInBrowserTest, ShowsEveryBlockOfASource) {
    std::vector<Probe> twice;
    for (const std::uint16_t port : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
        twice.push_back({"10.0.0.1", port});
    const json report = replay({"--block-for", "2s", capture("twice.pcap", twice)}).at(0);
    ASSERT_THAT(report["sources"][0]["blocks"], SizeIs(2));
    EXPECT_THAT(text("#sources-rows summary"), HasSubstr("2 blocks"));
    click("#sources-rows summary");
    EXPECT_THAT(texts("#sources-rows li"),
                ElementsAre("frame 4, 2023-11-14 22:13:23.000000Z, port 4, until "
                            "2023-11-14 22:13:25.000000Z",
                            "frame 9, 2023-11-14 22:13:28.000000Z, port 9, until "
                            "2023-11-14 22:13:30.000000Z"));
    EXPECT_THAT(text("#timeline-window"), HasSubstr("2 blocks"));
    EXPECT_THAT(browser_.complaints(), IsEmpty());
}

TEST_F(ReportInBrowserTest, ABlockOfAnEarlierCaptureIsNamedSo) {
    const std::string scan = capture("scan.pcap", three_sources);
    const std::string later = capture("later.pcap", {{"10.0.0.1", 80}});
    replay({"--continue", scan, later});
    click("#next-capture");
    EXPECT_THAT(text("#outcome"), HasSubstr("blocked before this capture"));
    EXPECT_EQ(column("Blocked at frame").at(0), "earlier");
    EXPECT_EQ(value("#tiles", "Dropped"), "1");
    EXPECT_THAT(text("#timeline-window"), HasSubstr("0 blocks"));
    EXPECT_THAT(browser_.complaints(), IsEmpty());
}

TEST_F(ReportInBrowserTest, ADryRunIsNamedSo) {
    replay({"--dry-run", capture("scan.pcap", three_sources)});
    EXPECT_THAT(text("#outcome"), HasSubstr("a dry run: nothing was dropped"));
    EXPECT_EQ(value("#tiles", "Dropped"), "0");
    EXPECT_THAT(column("Blocked at frame"), ElementsAre("5", "10", ""));
}

TEST_F(ReportInBrowserTest, SaysWhichCaptureCouldNotBeRead) {
    const std::string scan = capture("scan.pcap", three_sources);
    std::filesystem::resize_file(scan, std::filesystem::file_size(scan) - 1);
    std::ofstream{directory_ / "text.pcap"} << "no capture at all";
    replay({scan, directory_ / "text.pcap"}, 2);
    EXPECT_THAT(text("#failures"), HasSubstr("text.pcap"));
    EXPECT_THAT(text("#damage"), HasSubstr("only in part"));
    EXPECT_EQ(value("#tiles", "Packets"), "12");
}

TEST_F(ReportInBrowserTest, ManyThatCouldNotBeReadStayFolded) {
    std::vector<std::string> arguments{capture("scan.pcap", three_sources)};
    for (int i = 0; i < 6; ++i) arguments.push_back(fmt::format("none{}.pcap", i));
    replay(arguments, 2);
    EXPECT_EQ(text("#failures"), "6 inputs could not be read");
    focus("#failures summary");
    browser_.press("Enter");
    EXPECT_THAT(texts("#failures li"),
                AllOf(SizeIs(6), Contains(HasSubstr("none5.pcap: No such file"))));
    EXPECT_THAT(browser_.complaints(), IsEmpty());
}

TEST_F(ReportInBrowserTest, AnEmptyCaptureIsShown) {
    replay({capture("empty.pcap", {})});
    EXPECT_THAT(browser_.complaints(), IsEmpty());
    EXPECT_EQ(text("#outcome"), "Nobody was blocked.");
    EXPECT_EQ(value("#tiles", "Packets"), "0");
    EXPECT_THAT(text("#latency"), HasSubstr("No packet was run"));
    focus("#timeline");
    browser_.press("+");
    EXPECT_THAT(browser_.complaints(), IsEmpty());
}

TEST_F(ReportInBrowserTest, ANameIsTextWhateverItSays) {
    // With folders `<` and the like, so that the path as a whole has a slash where HTML wants one.
    const std::string hostile = "x<img src=x onerror='window.ran=1'><!--<script></script>"
                                "<script>window.ran=1</script>&amp;.pcap";
    const std::string scan = capture(hostile, three_sources);
    replay({scan, capture("honest.pcap", {{"10.0.0.7", 80}})});
    EXPECT_THAT(browser_.complaints(), IsEmpty());
    EXPECT_EQ(browser_.evaluate("typeof window.ran"), "undefined");
    EXPECT_EQ(browser_.evaluate("document.querySelectorAll('[onerror]').length"), 0);
    EXPECT_EQ(value("#run-facts", "Capture"), scan);
    EXPECT_THAT(text("#command-line"), HasSubstr("window.ran=1</script>&amp;.pcap"));
    EXPECT_THAT(column("Source"), SizeIs(3));
}

TEST_F(ReportInBrowserTest, NoScriptRunsButThePages) {
    replay({capture("scan.pcap", three_sources)});
    browser_.evaluate(
        "(() => { const script = document.createElement('script'); "
        "script.textContent = 'window.ran = 1'; document.body.append(script); "
        "const image = document.createElement('img'); document.body.append(image); "
        "image.setAttribute('onerror', 'window.ran = 1'); image.src = 'data:,'; })()");
    browser_.evaluate("new Promise((done) => setTimeout(done, 100))");
    EXPECT_EQ(browser_.evaluate("typeof window.ran"), "undefined");
    EXPECT_THAT(browser_.complaints(), Contains(HasSubstr("Content Security Policy")));
}

TEST_F(ReportInBrowserTest, APageThatWasNotFinishedSaysSo) {
    std::ofstream out{page_};
    ReportPage page{out, sample_context(), "xdp-portscan-sim"};
    page.report(sample_report(), Timeline{});
    out.close();
    browser_.open(page_);
    EXPECT_THAT(text("body"), HasSubstr("did not come to its end"));
    EXPECT_EQ(browser_.evaluate("document.querySelector('main').hidden"), true);
}

} // namespace
} // namespace portscan
