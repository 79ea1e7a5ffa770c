// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bench_baseline.h"
#include "sim/bench_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace portscan {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::ThrowsMessage;

/// Floor 20 ns, noise 1 ns.
PathCost steady_path(const std::string &name, double above, BenchLevel level = {1'000}) {
    PathCost cost{.path = name, .level = level, .reason = Reason::known};
    cost.steady = SteadyCost{.above = {above, 1}, .empty = {20, 0.5}};
    cost.warm = SingleCost{.samples = 100, .p50 = {60, 2}, .empty = {.p50 = 40}};
    return cost;
}

PathCost single_path(const std::string &name, double p50) {
    PathCost cost{.path = name, .level = {}, .reason = Reason::recorded};
    cost.warm = SingleCost{.samples = 100, .p50 = {p50, 4}, .empty = {.p50 = 40}};
    return cost;
}

BenchReport report_of(std::vector<PathCost> costs) {
    return {.object_sha256 = "0a", .kernel = "6.1.0", .cpu = "a CPU", .costs = std::move(costs)};
}

BenchBaseline written(const BenchReport &report) {
    std::ostringstream json;
    write_bench_json(json, report);
    return parse_bench_baseline(json.str(), "old.json");
}

TEST(BenchBaseline, HoldsTheRatiosToTheEmptyProgram) {
    const auto baseline =
        written(report_of({steady_path("known-port", 30), single_path("new-source", 200)}));
    ASSERT_THAT(baseline.entries, SizeIs(2));
    EXPECT_EQ(baseline.entries[0].path, "known-port");
    EXPECT_EQ(baseline.entries[0].level, "1000");
    EXPECT_EQ(baseline.entries[0].steady, 2.5);
    EXPECT_EQ(baseline.entries[0].single, 2.5);
    EXPECT_EQ(baseline.entries[1].level, "full");
    EXPECT_EQ(baseline.entries[1].steady, std::nullopt);
    EXPECT_EQ(baseline.entries[1].single, 6);
}

TEST(BenchBaseline, PathIsSlowerBeyondToleranceAndNoise) {
    const auto baseline = written(report_of({steady_path("known-port", 30)})); // ratio 2.5
    const auto slower = [&](double above) {
        const auto changes =
            compare_bench(report_of({steady_path("known-port", above)}), baseline, 0.2);
        EXPECT_THAT(changes, SizeIs(1));
        return changes.at(0).slower;
    };
    EXPECT_FALSE(slower(10));
    EXPECT_FALSE(slower(40));   // 3.0
    EXPECT_FALSE(slower(40.9)); // noise of 1 ns is 0.05
    EXPECT_TRUE(slower(41.1));
}

TEST(BenchBaseline, ComparesSinglePacketsWhereNothingIsSteady) {
    const auto baseline = written(report_of({single_path("new-source", 200)})); // ratio 6
    const auto changes = compare_bench(report_of({single_path("new-source", 300)}), baseline, 0.25);
    ASSERT_THAT(changes, SizeIs(1));
    EXPECT_EQ(changes[0].before, 6);
    EXPECT_EQ(changes[0].now, 8.5);
    EXPECT_TRUE(changes[0].slower);
}

TEST(BenchBaseline, ComparesOnlyWhatBothHave) {
    const auto baseline = written(report_of({steady_path("known-port", 30)}));
    EXPECT_THAT(compare_bench(report_of({steady_path("blocked", 30),
                                         steady_path("known-port", 90, {100'000})}),
                              baseline, 0.1),
                IsEmpty());
}

TEST(BenchBaseline, RefusesWhatIsNoResult) {
    const auto parse = [](const char *text) {
        return [text] { parse_bench_baseline(text, "x.json"); };
    };
    const auto *const no_ratio = R"({"schema":"xdp-portscan-sim/bench/1","paths":[
        {"path":"udp","sources":1000,"steady":{"ratio":0},"warm":null}]})";
    for (const char *text :
         {"", "{", "[]", "3", "{}", R"({"schema":3})", R"({"schema":"xdp-portscan-sim/bench/1"})",
          R"({"schema":"xdp-portscan-sim/bench/1","paths":[{"path":"udp"}]})", no_ratio})
        EXPECT_THAT(parse(text),
                    ThrowsMessage<OptionError>(AllOf(HasSubstr("'x.json' is no result of bench"),
                                                     HasSubstr("bench --json=FILE has written"))))
            << text;
    EXPECT_THAT(parse(R"({"schema":"xdp-portscan-sim/replay/1","paths":[]})"),
                ThrowsMessage<OptionError>(HasSubstr("is not of schema")));
    EXPECT_THAT([] { read_bench_baseline("/nowhere/x.json"); },
                ThrowsMessage<OptionError>(HasSubstr("'/nowhere/x.json' cannot be read")));
}

TEST(BenchTable, StatesNoiseBesideEachFigureAndALineForEachPath) {
    PathCost fresh = single_path("new-source", 200);
    fresh.cold = fresh.warm;
    fresh.cold_two = SingleCost{.p50 = {250, 7}};
    PathCost known = steady_path("known-port", 30.26);
    known.cold = known.warm;
    known.steady_two = SteadyCost{.above = {31, 0.25}, .empty = {20, 1}};
    std::ostringstream table;
    write_bench_table(table, report_of({known, fresh}));
    EXPECT_THAT(table.str(),
                AllOf(HasSubstr("a CPU, Linux 6.1.0"), HasSubstr("\n1000 sources "),
                      HasSubstr("\nfull sources "), HasSubstr(" 30.3 ±1.0 "),
                      HasSubstr(" 31.0 ±0.2 "), HasSubstr(" 200 ±4 "), HasSubstr(" 250 ±7 ")));
}

} // namespace
} // namespace portscan
