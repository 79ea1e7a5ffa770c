// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/report_page.h"
#include "tests/replay_samples.h"
#include "tests/report_in_browser.h"

#include <chrono>
#include <fmt/format.h>
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
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::SizeIs;

/// Sorting, searching, zooming, printing.
class ReportUseInBrowserTest : public ReportInBrowserTest {};

TEST_F(ReportUseInBrowserTest, SortsByEachColumnBothWays) {
    replay({capture("scan.pcap", three_sources)});
    const auto sorted = [&](const std::string &title) {
        sort_by(title);
        return column("Source");
    };
    EXPECT_THAT(sorted("Source"), ElementsAre("10.0.0.1", "10.0.0.3", "10.0.0.20"));
    EXPECT_EQ(browser_.evaluate("document.querySelector('[aria-sort]').ariaSort"), "ascending");
    EXPECT_THAT(sorted("Source"), ElementsAre("10.0.0.20", "10.0.0.3", "10.0.0.1"));
    EXPECT_EQ(browser_.evaluate("document.querySelector('[aria-sort]').ariaSort"), "descending");
    EXPECT_THAT(sorted("Source"), ElementsAre("10.0.0.1", "10.0.0.3", "10.0.0.20"));
    EXPECT_TRUE(browser_.evaluate("document.querySelector('[aria-sort]')").is_null());
    EXPECT_THAT(sorted("Dropped"), ElementsAre("10.0.0.20", "10.0.0.1", "10.0.0.3"));
    EXPECT_THAT(sorted("Dropped"), ElementsAre("10.0.0.3", "10.0.0.1", "10.0.0.20"));
    EXPECT_THAT(sorted("First seen"), ElementsAre("10.0.0.1", "10.0.0.20", "10.0.0.3"));
    EXPECT_THAT(sorted("Blocked at frame"), ElementsAre("10.0.0.1", "10.0.0.3", "10.0.0.20"));
    EXPECT_THAT(sorted("Ports in order"), ElementsAre("10.0.0.20", "10.0.0.1", "10.0.0.3"));
    EXPECT_THAT(browser_.complaints(), IsEmpty());
}

TEST_F(ReportUseInBrowserTest, SearchesByTheKeyboard) {
    replay({capture("scan.pcap", three_sources)});
    const auto found = [&](const std::string &words) {
        browser_.evaluate("document.querySelector('#search').value = ''");
        browser_.evaluate("document.activeElement.blur()");
        browser_.press("/");
        browser_.type(words);
        return column("Source");
    };
    EXPECT_THAT(found("22"), ElementsAre("10.0.0.1")); // a port, and not a part of 2222
    EXPECT_THAT(found("80"), ElementsAre("10.0.0.20"));
    EXPECT_THAT(found("443"), ElementsAre("10.0.0.1")); // the one that was too many
    EXPECT_THAT(found(".0.2"), ElementsAre("10.0.0.20"));
    EXPECT_THAT(found("BLOCKED 3"), ElementsAre("10.0.0.3"));
    EXPECT_THAT(found("<b>"), IsEmpty());
    EXPECT_THAT(text("#sources-count"), HasSubstr("0 of 3 sources"));
    EXPECT_THAT(browser_.complaints(), IsEmpty());
}

TEST_F(ReportUseInBrowserTest, ShowsThoseBlockedOrNot) {
    replay({capture("scan.pcap", three_sources)});
    const auto of = [&](const std::string &kind) {
        browser_.evaluate(
            "(() => { const which = document.querySelector('#which'); which.value = '" + kind +
            "'; which.dispatchEvent(new Event('change')); })()");
        return column("Source");
    };
    EXPECT_THAT(of("ever"), ElementsAre("10.0.0.1", "10.0.0.3"));
    EXPECT_THAT(of("now"), ElementsAre("10.0.0.1", "10.0.0.3"));
    EXPECT_THAT(of("never"), ElementsAre("10.0.0.20"));
    EXPECT_THAT(of("all"), SizeIs(3));
}

TEST_F(ReportUseInBrowserTest, ZoomsByKeysButtonsAndMouse) {
    replay({capture("scan.pcap", three_sources)});
    const auto [from, to] = window();
    EXPECT_EQ(from, 0);
    EXPECT_NEAR(to, 12, 0.02);
    focus("#timeline");
    browser_.press("+");
    EXPECT_NEAR(window().first, to / 4, 1e-6);
    EXPECT_NEAR(window().second, to * 3 / 4, 1e-6);
    browser_.press("ArrowRight");
    EXPECT_NEAR(window().first, to / 4 + to / 10, 1e-6);
    browser_.press("ArrowLeft");
    EXPECT_NEAR(window().first, to / 4, 1e-6);
    browser_.press("-");
    EXPECT_NEAR(window().second, to, 1e-6);
    browser_.press("+");
    for (int i = 0; i < 10; ++i) click("[data-zoom=right]");
    EXPECT_NEAR(window().second, to, 1e-6); // and not beyond the end
    for (int i = 0; i < 60; ++i) click("[data-zoom=in]");
    EXPECT_NEAR(window().second - window().first, 4 * 0.01, 1e-6); // bins of 10 ms
    browser_.press("Home");
    EXPECT_EQ(window(), (std::pair{from, to}));
    browser_.drag("#timeline", 0.5, 0.75);
    EXPECT_NEAR(window().first, 6, 0.6);
    EXPECT_NEAR(window().second, 9, 0.6);
    EXPECT_THAT(browser_.complaints(), IsEmpty());
}

TEST_F(ReportUseInBrowserTest, ASourceLeadsToItsBlockOnTheTimeline) {
    std::vector<Probe> late(200, Probe{"10.0.0.20", 80});
    late.insert(late.begin() + 100, three_sources.begin(), three_sources.end());
    replay({capture("scan.pcap", late)});
    focus("#sources-rows button");
    browser_.press("Enter");
    const auto [from, to] = window();
    EXPECT_THAT(from, AllOf(Lt(104), Gt(90)));
    EXPECT_THAT(to, AllOf(Gt(104), Lt(118)));
    EXPECT_EQ(browser_.evaluate("document.activeElement.id"), "timeline");
    EXPECT_THAT(text("#timeline-window"), HasSubstr("1 block"));
}

TEST_F(ReportUseInBrowserTest, FollowsLightAndDark) {
    replay({capture("scan.pcap", three_sources)});
    const auto look = [&](const char *scheme) {
        browser_.emulate("", scheme);
        browser_.evaluate("new Promise((done) => setTimeout(done, 200))");
        return browser_.evaluate("[getComputedStyle(document.body).backgroundColor, ...Array.from("
                                 "document.querySelectorAll('#timeline canvas, #latency canvas'), "
                                 "(canvas) => canvas.toDataURL())]");
    };
    const json light = look("light"), dark = look("dark");
    EXPECT_EQ(light[0], "rgb(255, 255, 255)");
    EXPECT_NE(dark[0], light[0]);
    ASSERT_THAT(light, SizeIs(Ge(5u)));
    const json again = look("light");
    for (std::size_t i : {1, 5}) { // what the charts are drawn on, while the page is open
        EXPECT_TRUE(dark[i] != light[i]) << i;
        EXPECT_TRUE(again[i] == light[i]) << i;
    }
    EXPECT_THAT(browser_.complaints(), IsEmpty());
}

TEST_F(ReportUseInBrowserTest, IsPrintedDarkOnWhiteAndWithoutControls) {
    replay({capture("scan.pcap", three_sources)});
    browser_.emulate("print", "dark");
    EXPECT_EQ(browser_.evaluate("getComputedStyle(document.body).backgroundColor"),
              "rgb(255, 255, 255)");
    EXPECT_EQ(browser_.evaluate("Array.from(document.querySelectorAll('.controls')).filter("
                                "(element) => element.offsetHeight !== 0).length"),
              0);
}

TEST_F(ReportUseInBrowserTest, ChartsArePrintedAndComeBack) {
    replay({capture("scan.pcap", three_sources)});
    browser_.emulate("", "dark");
    const std::string width = "document.querySelector('#timeline canvas').clientWidth";
    const json before = browser_.evaluate(width);
    browser_.evaluate("new Promise((done) => setTimeout(done, 1000))"); // it is on the screen
    const std::string pdf = browser_.print();
    EXPECT_TRUE(pdf.starts_with("%PDF"));
    EXPECT_NE(pdf.find("/Width 900"), std::string::npos); // as an image
    EXPECT_EQ(browser_.evaluate(width), before);
    EXPECT_FALSE(browser_.evaluate("'print' in document.documentElement.dataset").get<bool>());
    EXPECT_THAT(browser_.complaints(), IsEmpty());
}

/// 100,000 sources, each fifth of them blocked.
ReplayReport large_report() {
    ReplayReport report = sample_report();
    report.sources.clear();
    report.packets = 500'000;
    for (std::uint32_t i = 0; i < 100'000; ++i) {
        const std::uint64_t time_ns = capture_epoch + i * std::uint64_t{1'000'000};
        const std::string address = fmt::format("10.{}.{}.{}", i >> 16, (i >> 8) & 255, i & 255);
        SourceReport source{.address = *Prefix::parse(address),
                            .state = SourceState::active,
                            .ports = {80, static_cast<std::uint16_t>(i % 65536)},
                            .probes = i % 977,
                            .packets = 977,
                            .first_seen_ns = time_ns};
        if (i % 5 == 0) {
            source.blocked = true;
            source.dropped = i % 773;
            source.blocks = {{.at_ns = time_ns, .frame = i + 1, .trigger_port = 443}};
        }
        report.sources.push_back(source);
    }
    return report;
}

TEST_F(ReportUseInBrowserTest, AHundredThousandSourcesAreUsable) {
    std::ofstream out{page_};
    ReportPage page{out, sample_context(), "xdp-portscan-sim"};
    Timeline timeline;
    for (std::uint64_t i = 0; i < 100'000; ++i) {
        add_to(timeline, {.number = i + 1,
                          .time_ns = capture_epoch + i * 1'000'000,
                          .result = RunResult{.verdict = Verdict::pass, .duration_ns = 80}});
    }
    page.report(large_report(), timeline);
    page.close();
    out.close();

    // Bounds for a slow machine with another test beside this one.
    const auto milliseconds = [&](const std::string &action) {
        return browser_
            .evaluate("(() => { const start = performance.now(); " + action +
                      "; document.body.offsetHeight; return performance.now() - start; })()")
            .get<double>();
    };
    const auto start = std::chrono::steady_clock::now();
    browser_.open(page_);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{15});
    EXPECT_THAT(browser_.complaints(), IsEmpty());
    EXPECT_THAT(text("#sources-count"), HasSubstr("100,000 sources"));
    EXPECT_THAT(column("Source"), SizeIs(50));

    const std::string search = "document.querySelector('#search')";
    EXPECT_LT(milliseconds(search + ".value = '10.1.134'; " + search +
                           ".dispatchEvent(new Event('input'))"),
              3'000);
    EXPECT_THAT(text("#sources-count"), HasSubstr("160 of 100,000 sources"));
    EXPECT_LT(
        milliseconds(search + ".value = ''; " + search + ".dispatchEvent(new Event('input'))"),
        3'000);
    for (int i = 1; i <= 9; ++i) {
        EXPECT_LT(
            milliseconds(fmt::format(
                "document.querySelector('#sources-head th:nth-child({}) button').click()", i)),
            4'000)
            << i;
    }
    EXPECT_LT(milliseconds("document.querySelector('#last-page').click()"), 1'000);
    EXPECT_THAT(text("#page-number"), HasSubstr("page 2,000 of 2,000"));
    EXPECT_LT(milliseconds("document.querySelector('[data-zoom=in]').click()"), 2'000);
    EXPECT_THAT(browser_.complaints(), IsEmpty());
}

} // namespace
} // namespace portscan
