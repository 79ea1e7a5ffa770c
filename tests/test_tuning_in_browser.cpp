// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/tuning_report.h"
#include "tests/browser.h"
#include "tests/temporary_directory.h"

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
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

const std::string hostile = "</script><script>document.title='taken'</script><b>.pcap";

/// Four scanners; from 2 ports to 5 ports a source may touch, and 5 in another window.
Tuning sample_tuning() {
    Tuning tuning{
        .captures = {{.where = "labels.csv:2", .path = hostile, .filter = "dst host 10.0.0.9"}},
        .surveys = {{.packets = 12'345, .selected = 12'000, .scanners = {}, .honest = 9}},
        .settings = {},
        .outcomes = {}};
    for (unsigned i = 1; i <= 4; ++i)
        tuning.surveys[0].scanners.push_back(*Prefix::parse(fmt::format("10.0.0.{}", i)));
    const auto add = [&](const char *window, unsigned ports, std::uint64_t caught,
                         std::uint64_t wronged) {
        SweepSetting setting{.named = {{"max-ports", fmt::to_string(ports)}, {"window", window}}};
        setting.options.max_ports = ports;
        SettingOutcome outcome;
        std::vector<TalliedSource> scanners, others;
        for (std::uint64_t i = 0; i < 4; ++i)
            scanners.push_back({tuning.surveys[0].scanners[i],
                                {.blocked = i < caught,
                                 .probes_before = ports,
                                 .probes_passed = i < caught ? ports : 100,
                                 .probes_dropped = i < caught ? 2'000U : 0U}});
        for (std::uint64_t i = 0; i < wronged; ++i)
            others.push_back({*Prefix::parse(fmt::format("10.0.1.{}", i)),
                              {.blocked = true, .probes_dropped = 2, .packets_dropped = 1'500}});
        outcome.add(0, std::move(scanners), others, 100);
        tuning.settings.push_back(setting);
        tuning.outcomes.push_back(outcome);
    };
    add("1m", 2, 4, 3);
    add("1m", 3, 4, 1);
    add("1m", 4, 3, 0);
    add("1m", 5, 2, 0);
    add("2m", 5, 2, 0);
    tuning.frontier = find_frontier(tuning.settings, tuning.outcomes);
    tuning.recommendation = recommend(tuning.frontier, tuning.outcomes, 0);
    tuning.object_sha256 = "0123456789abcdef";
    tuning.kernel = "6.1.0";
    return tuning;
}

class TuningInBrowserTest : public ::testing::Test {
  protected:
    void SetUp() override {
        std::ofstream out{page_};
        write_tuning_page(out, sample_tuning(), "xdp-portscan-sim tune 'a <b>.csv'");
        out.close();
        browser_.open(page_);
    }
    std::string text(const std::string &selector) {
        return browser_.evaluate(
            fmt::format("document.querySelector({}).innerText", json(selector).dump()));
    }
    std::vector<std::string> texts(const std::string &selector) {
        return browser_.evaluate(
            fmt::format("Array.from(document.querySelectorAll({}), (element) => element.innerText)",
                        json(selector).dump()));
    }
    void click(const std::string &selector) {
        browser_.evaluate(fmt::format("document.querySelector({}).click()", json(selector).dump()));
    }
    /// How many pixels of the chart have the colour of that name.
    int pixels(const std::string &name) {
        return browser_.evaluate(
            "(() => { const copy = document.createElement('canvas');"
            "const context = copy.getContext('2d', {willReadFrequently: true});"
            "context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--" +
            name +
            "').trim(); context.fillRect(0, 0, 1, 1);"
            "const wanted = context.getImageData(0, 0, 1, 1).data.slice(0, 3).join();"
            "let count = 0;"
            "for (const canvas of document.querySelectorAll('#tuning-chart canvas')) {"
            "copy.width = canvas.width; copy.height = canvas.height;" // which empties it, too
            "context.drawImage(canvas, 0, 0);"
            "const {data} = context.getImageData(0, 0, copy.width, copy.height);"
            "for (let i = 0; i < data.length; i += 4)"
            "if (data[i + 3] === 255 && data.slice(i, i + 3).join() === wanted) ++count; }"
            "return count; })()");
    }

    test::TemporaryDirectory directory_;
    std::string page_ = directory_ / "tune.html";
    test::Browser browser_;
};

TEST_F(TuningInBrowserTest, ShowsTheRecommendationAndTheFrontier) {
    EXPECT_THAT(browser_.complaints(), IsEmpty());
    EXPECT_THAT(browser_.requests(), SizeIs(1)) << "nothing is loaded but the file";
    EXPECT_EQ(text("#recommended"), "--max-ports 4 --window 1m");
    EXPECT_THAT(text("#reason"), StartsWith("It catches 3 of 4 scanners and wrongs nobody;"));
    EXPECT_THAT(texts("#settings-rows td:first-child"),
                ElementsAre("max-ports=2,window=1m", "max-ports=3,window=1m",
                            "max-ports=4,window=1m (recommended)"));
    EXPECT_THAT(texts("#settings-rows td:nth-child(2)"), ElementsAre("4", "4", "3"));
    EXPECT_THAT(texts("#settings-rows td:nth-child(6)"), ElementsAre("8", "12", "112"));
    EXPECT_THAT(texts("#settings-rows td:nth-child(9)"), ElementsAre("4,500", "1,500", "0"));
    click("#frontier-only");
    EXPECT_THAT(texts("#settings-rows td:first-child"), SizeIs(5));
    EXPECT_EQ(text("#command-line"), "xdp-portscan-sim tune 'a <b>.csv'");
}

TEST_F(TuningInBrowserTest, NamesFromOutsideAreText) {
    EXPECT_EQ(text("#capture-rows td"), hostile);
    EXPECT_EQ(browser_.evaluate("document.title"), "Port-scan tuning");
    EXPECT_EQ(browser_.evaluate("document.querySelectorAll('main b').length"), 0);
}

TEST_F(TuningInBrowserTest, ChartIsDrawnAndMovedOverByKeys) {
    EXPECT_THAT(texts("#tuning-chart .dygraph-axis-label-x"), ElementsAre("0", "1", "2", "3"));
    EXPECT_GT(pixels("block"), 20) << "the recommended setting";
    EXPECT_GT(pixels("passed"), 20) << "the rest of the frontier";
    EXPECT_GT(pixels("muted"), 20) << "all others";
    browser_.evaluate("document.querySelector('#tuning-chart').focus()");
    EXPECT_EQ(text("#tuning-point"),
              "0 honest sources wronged · scanners caught: 3 · max-ports=4,window=1m");
    browser_.press("ArrowRight");
    EXPECT_EQ(text("#tuning-point"),
              "1 honest source wronged · scanners caught: 4 · max-ports=3,window=1m");
    browser_.press("Enter");
    EXPECT_EQ(text("#setting-title"), "max-ports=3,window=1m");
    EXPECT_THAT(texts("#wronged td"), ElementsAre("10.0.1.0", hostile, "2", "1,500"));
    browser_.press("ArrowLeft");
    browser_.press("ArrowLeft");
    EXPECT_EQ(text("#tuning-point"), "0 honest sources wronged · scanners caught: 2 · "
                                     "max-ports=5,window=1m and 1 more");
    browser_.press("Enter");
    EXPECT_THAT(texts("#scanners td:nth-child(3)"), ElementsAre("no", "no", "yes", "yes"));
    EXPECT_THAT(texts("#settings-rows td:first-child"), SizeIs(4)) << "the chosen one, too";
    browser_.evaluate("(() => { const measure = document.querySelector('#measure'); measure.value "
                      "= '1'; measure.dispatchEvent(new Event('change')); })()");
    EXPECT_THAT(text("#tuning-point"), HasSubstr("probes of scanners that got in: 112"));
    EXPECT_THAT(browser_.complaints(), IsEmpty());
}

TEST_F(TuningInBrowserTest, SortsAndFollowsTheColourScheme) {
    click("#frontier-only");
    click("#settings-head th:nth-child(7) button");
    EXPECT_THAT(texts("#settings-rows td:nth-child(7)"), ElementsAre("0", "0", "0", "1", "3"));
    click("#settings-head th:nth-child(7) button");
    EXPECT_THAT(texts("#settings-rows td:nth-child(7)"), ElementsAre("3", "1", "0", "0", "0"));
    browser_.emulate("", "dark");
    browser_.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    EXPECT_GT(pixels("block"), 20);
    EXPECT_THAT(browser_.complaints(), IsEmpty());
}

} // namespace
} // namespace portscan
