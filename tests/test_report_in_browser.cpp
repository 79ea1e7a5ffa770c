// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/capture.h"
#include "sim/packet.h"
#include "sim/report_page.h"
#include "tests/browser.h"
#include "tests/command_runner.h"
#include "tests/replay_samples.h"
#include "tests/temporary_directory.h"

#include <chrono>
#include <filesystem>
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
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::uint64_t epoch = 1'700'000'000'000'000'000;
constexpr std::uint64_t second = 1'000'000'000;

struct Probe {
    const char *source;
    std::uint16_t port;
};

class ReportInBrowserTest : public ::testing::Test {
  protected:
    /// SYNs a second apart; the path.
    std::string capture(const std::string &name, const std::vector<Probe> &probes) const {
        std::string path = directory_ / name;
        std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
        CaptureWriter writer = CaptureWriter::create(path);
        std::uint64_t time_ns = epoch;
        for (const auto &[source, port] : probes) {
            writer.write(time_ns, tcp(source, "10.0.0.9", port, "S").bytes());
            time_ns += second;
        }
        writer.close();
        return path;
    }
    /// The lines of --json of a replay whose page is open afterwards.
    std::vector<json> replay(const std::vector<std::string> &arguments, int status = 0) {
        std::vector<std::string> words{"replay", "--json", "--html", page_};
        words.insert(words.end(), arguments.begin(), arguments.end());
        const CommandResult result = run_command(words);
        EXPECT_EQ(result.status, status) << result.err;
        std::vector<json> objects;
        std::istringstream lines{result.out};
        for (std::string line; std::getline(lines, line);) objects.push_back(json::parse(line));
        browser_.open(page_);
        return objects;
    }
    std::string text(const std::string &selector) {
        return browser_.evaluate(
            fmt::format("document.querySelector({}).innerText", json(selector).dump()));
    }
    /// The texts of all elements that match.
    std::vector<std::string> texts(const std::string &selector) {
        return browser_.evaluate(
            fmt::format("Array.from(document.querySelectorAll({}), (element) => element.innerText)",
                        json(selector).dump()));
    }
    /// What a <dl> says of a name.
    std::string value(const std::string &list, const std::string &name) {
        return browser_.evaluate(
            fmt::format("Array.from(document.querySelectorAll({}), (row) => row).find((row) => "
                        "row.querySelector('dt').textContent === "
                        "{}).querySelector('dd').firstChild.textContent",
                        json(list + " > div").dump(), json(name).dump()));
    }
    /// A column of the sources that are shown.
    std::vector<std::string> column(const std::string &title) {
        const auto titles = texts("#sources-head th");
        const auto found = std::find(titles.begin(), titles.end(), title);
        EXPECT_NE(found, titles.end()) << title;
        return texts(fmt::format("#sources-rows td:nth-child({})", found - titles.begin() + 1));
    }
    void click(const std::string &selector) {
        browser_.evaluate(fmt::format("document.querySelector({}).click()", json(selector).dump()));
    }
    void sort_by(const std::string &title) {
        browser_.evaluate(fmt::format(
            "Array.from(document.querySelectorAll('#sources-head button')).find((button) => "
            "button.textContent === {}).click()",
            json(title).dump()));
    }
    void focus(const std::string &selector) {
        browser_.evaluate(fmt::format("document.querySelector({}).focus()", json(selector).dump()));
    }
    /// What the timeline shows, in seconds.
    std::pair<double, double> window() {
        const json shown = browser_.evaluate("(({from, to}) => [Number(from), Number(to)])("
                                             "document.querySelector('#timeline-window').dataset)");
        return {shown[0], shown[1]};
    }

    test::TemporaryDirectory directory_;
    std::string page_ = directory_ / "report.html";
    test::Browser browser_;
};

/// Counts as the JSON has them.
std::vector<std::string> without_commas(std::vector<std::string> texts) {
    for (std::string &text : texts) std::erase(text, ',');
    return texts;
}

const std::vector<Probe> three_sources{
    {"10.0.0.1", 22}, {"10.0.0.1", 23}, {"10.0.0.20", 80},  {"10.0.0.1", 25}, {"10.0.0.1", 443},
    {"10.0.0.1", 80}, {"10.0.0.3", 1},  {"10.0.0.3", 2},    {"10.0.0.3", 3},  {"10.0.0.3", 4},
    {"10.0.0.3", 5},  {"10.0.0.3", 6},  {"10.0.0.20", 2222}};

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
    EXPECT_EQ(value("#run-facts", "Kernel"), report["kernel"]);
    EXPECT_EQ(value("#run-facts", "Object, SHA-256"), report["object_sha256"]);
    EXPECT_EQ(value("#options", "--window"), report["options"]["window"]);
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

TEST_F(ReportInBrowserTest, SortsByEachColumnBothWays) {
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

TEST_F(ReportInBrowserTest, SearchesByTheKeyboard) {
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

TEST_F(ReportInBrowserTest, ShowsThoseBlockedOrNot) {
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

TEST_F(ReportInBrowserTest, ZoomsByKeysButtonsAndMouse) {
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

TEST_F(ReportInBrowserTest, ASourceLeadsToItsBlockOnTheTimeline) {
    std::vector<Probe> late(200, Probe{"10.0.0.20", 80});
    late.insert(late.begin() + 100, three_sources.begin(), three_sources.end());
    replay({capture("scan.pcap", late)});
    focus("#sources-rows button");
    browser_.press("Enter");
    const auto [from, to] = window();
    EXPECT_THAT(from, AllOf(Lt(104), testing::Gt(90)));
    EXPECT_THAT(to, AllOf(testing::Gt(104), Lt(118)));
    EXPECT_EQ(browser_.evaluate("document.activeElement.id"), "timeline");
    EXPECT_THAT(text("#timeline-window"), HasSubstr("1 block"));
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

TEST_F(ReportInBrowserTest, FollowsLightAndDark) {
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
    ASSERT_THAT(light, SizeIs(testing::Ge(5u)));
    const json again = look("light");
    for (std::size_t i : {1, 5}) { // what the charts are drawn on, while the page is open
        EXPECT_TRUE(dark[i] != light[i]) << i;
        EXPECT_TRUE(again[i] == light[i]) << i;
    }
    EXPECT_THAT(browser_.complaints(), IsEmpty());
}

TEST_F(ReportInBrowserTest, IsPrintedDarkOnWhiteAndWithoutControls) {
    replay({capture("scan.pcap", three_sources)});
    browser_.emulate("print", "dark");
    EXPECT_EQ(browser_.evaluate("getComputedStyle(document.body).backgroundColor"),
              "rgb(255, 255, 255)");
    EXPECT_EQ(browser_.evaluate("Array.from(document.querySelectorAll('.controls')).filter("
                                "(element) => element.offsetHeight !== 0).length"),
              0);
}

TEST_F(ReportInBrowserTest, ChartsArePrintedAndComeBack) {
    replay({capture("scan.pcap", three_sources)});
    browser_.emulate("", "dark");
    const std::string width = "document.querySelector('#timeline canvas').clientWidth";
    const json before = browser_.evaluate(width);
    browser_.evaluate("new Promise((done) => setTimeout(done, 200))"); // it is on the screen
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
        const std::uint64_t time_ns = epoch + i * std::uint64_t{1'000'000};
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

TEST_F(ReportInBrowserTest, AHundredThousandSourcesAreUsable) {
    std::ofstream out{page_};
    ReportPage page{out, sample_context(), "xdp-portscan-sim"};
    Timeline timeline;
    for (std::uint64_t i = 0; i < 100'000; ++i) {
        add_to(timeline, {.number = i + 1,
                          .time_ns = epoch + i * 1'000'000,
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
