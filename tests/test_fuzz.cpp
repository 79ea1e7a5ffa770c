// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/fuzz.h"
#include "sim/fuzz_report.h"
#include "sim/fuzz_shrink.h"
#include "sim/scenario_run.h"
#include "tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Le;
using testing::SizeIs;

/// Settings under which the model is given other options than the detector.
FuzzSettings with_model_of(void (*change)(DetectorOptions &options)) {
    return {.packets = 100'000, .make_model = [change](DetectorOptions options) {
                change(options);
                return Model{options};
            }};
}

TEST(Fuzz, DetectorAndModelAgree) {
    const FuzzResult result = fuzz({.seed = 7, .packets = 30'000});
    ASSERT_FALSE(result.finding) << summarize(*result.finding);
    EXPECT_GE(result.packets, 30'000U);
    EXPECT_GT(result.rounds, 3U);
    EXPECT_GT(result.actions, 100U);
}

// What the first buffer does not tell takes another way through the program (DESIGN.md, 12).
TEST(Fuzz, DetectorAndModelAgreeWhereverFramesAreSplit) {
    for (const std::size_t size : {14, 18, 26, 33, 37, 47, 54, 60, 67, 73}) {
        const FuzzResult result = fuzz({.seed = size, .packets = 10'000, .linear_size = size});
        ASSERT_FALSE(result.finding) << size << " bytes: " << summarize(*result.finding);
    }
}

TEST(Fuzz, MeetsEveryReasonThatOneCpuCanMeet) {
    const FuzzResult result = fuzz({.seed = 3, .packets = 30'000});
    for (std::size_t i = 0; i < reason_count; ++i) {
        const auto reason = static_cast<Reason>(i);
        const bool never = reason == Reason::insert_failed || reason == Reason::contention ||
                           reason == Reason::fault;
        EXPECT_EQ(result.reasons.at(i) == 0, never) << to_string(reason);
    }
}

TEST(Fuzz, DrawsTheSameFromTheSameSeed) {
    const FuzzRound round = draw_round(5, 2, 500, {});
    EXPECT_EQ(draw_round(5, 2, 500, {}).trace, round.trace);
    EXPECT_EQ(draw_round(5, 2, 500, {}).options, round.options);
    EXPECT_NE(draw_round(5, 3, 500, {}).trace, round.trace);
    EXPECT_NE(draw_round(6, 2, 500, {}).trace, round.trace);
}

TEST(Fuzz, AShorterRoundIsTheStartOfALongerOne) {
    const FuzzTrace longer = draw_round(5, 2, 500, {}).trace;
    const FuzzTrace shorter = draw_round(5, 2, 100, {}).trace;
    ASSERT_THAT(shorter, SizeIs(Le(longer.size())));
    EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), longer.begin()));
}

TEST(Fuzz, KeepsTheOptionsThatAreGiven) {
    const OptionOverrides given{{{"max-ports", "9"}, {"max-blocked", "9000"}, {"allow", "::/0"}}};
    for (std::uint64_t number = 0; number < 20; ++number) {
        const DetectorOptions options = draw_round(1, number, 10, given).options;
        EXPECT_EQ(options.max_ports, 9U);
        EXPECT_EQ(options.max_blocked, 9000U);
        EXPECT_THAT(options.allow, testing::ElementsAre(Prefix::parse("::/0").value()));
        EXPECT_GE(insertions_without_eviction(options), 1000U);
    }
    EXPECT_THROW(draw_round(1, 0, 10, {{{"max-sources", "50"}}}), OptionError);
}

struct Mistake {
    const char *name;
    void (*change)(DetectorOptions &options);
};

void PrintTo(const Mistake &mistake, std::ostream *out) {
    *out << mistake.name;
}

class FuzzMistake : public testing::TestWithParam<Mistake> {};

TEST_P(FuzzMistake, IsFound) {
    EXPECT_TRUE(fuzz(with_model_of(GetParam().change)).finding);
}

INSTANTIATE_TEST_SUITE_P(
    OfAModel, FuzzMistake,
    testing::Values(
        Mistake{"one_port_less", [](DetectorOptions &o) { o.max_ports -= o.max_ports > 1; }},
        Mistake{"window_1ns_longer",
                [](DetectorOptions &o) {
                    if (o.window < std::chrono::hours{100}) o.window += std::chrono::nanoseconds{1};
                }},
        Mistake{"block_1ns_longer",
                [](DetectorOptions &o) {
                    if (o.block_for) *o.block_for += std::chrono::nanoseconds{1};
                }},
        Mistake{"scope_all", [](DetectorOptions &o) { o.block_scope = BlockScope::all; }},
        Mistake{"no_port_ignored", [](DetectorOptions &o) { o.ignore_ports.clear(); }},
        Mistake{"nobody_allowed", [](DetectorOptions &o) { o.allow.clear(); }},
        Mistake{"prefix_1_bit_longer",
                [](DetectorOptions &o) { o.ipv6_prefix += o.ipv6_prefix < 128; }},
        Mistake{"one_more_block", [](DetectorOptions &o) { ++*o.max_blocked; }},
        Mistake{"dry_run", [](DetectorOptions &o) { o.dry_run = true; }}),
    [](const auto &mistake) { return std::string{mistake.param.name}; });

/// The promise of docs/fuzz.md.
TEST(Fuzz, AThresholdOffByOneLeavesACaptureOfAtMostFivePackets) {
    const FuzzSettings settings = with_model_of([](DetectorOptions &o) { ++o.max_ports; });
    const FuzzResult result = fuzz(settings);
    ASSERT_TRUE(result.finding);
    const FuzzFinding small = shrink(*result.finding, settings);
    const test::TemporaryDirectory directory;
    const FuzzFiles files = write_files(small, settings, directory / "");

    CaptureReader capture = CaptureReader::open(files.capture);
    std::size_t frames = 0;
    while (capture.next()) ++frames;
    EXPECT_EQ(frames, files.frames);
    EXPECT_LE(frames, 5U);
    EXPECT_THAT(summarize(small), AllOf(HasSubstr("frame "), HasSubstr("expected pass recorded"),
                                        HasSubstr("got drop threshold")));

    // The scenario states what the model says, so the detector as it is fails it.
    EXPECT_TRUE(files.scenario_fails);
    const auto results = run_scenario(load_scenario(files.scenario), {});
    ASSERT_THAT(results, SizeIs(1));
    EXPECT_FALSE(results[0].passed());
    EXPECT_THAT(results[0].errors, SizeIs(0));
    // Of a model that is right the detector passes it.
    EXPECT_FALSE(write_files(small, FuzzSettings{}, directory / "").scenario_fails);
}

/// Only the timestamp of a record is wrong at first: a window that is longer shows on a later
/// probe.
TEST(Fuzz, TurnsARecordThatDiffersIntoAVerdictThatDiffers) {
    FuzzRound round{
        .options = {.window = std::chrono::seconds{64}, .max_sources = 4096, .max_sources6 = 4096},
        .trace = {}};
    const Bytes syn = tcp("10.0.0.1", "10.0.0.9", 22, "S").bytes();
    round.trace = {{.time_ns = 0, .frame = syn}, {.time_ns = 999'999'999, .frame = syn}};
    // Refreshes at min(window/64, 1 s): for the model a nanosecond earlier.
    const FuzzSettings settings =
        with_model_of([](DetectorOptions &o) { o.window -= std::chrono::nanoseconds{64}; });
    FuzzFinding found{.round = round,
                      .difference = {.step = 1,
                                     .what = "record",
                                     .expected = "",
                                     .got = "",
                                     .source = Prefix::parse("10.0.0.1")}};
    const FuzzFinding small = shrink(found, settings);
    EXPECT_TRUE(small.difference.is_outcome) << summarize(small);
}

TEST(Fuzz, WritesActionsIntoTheScenario) {
    const Bytes syn = tcp("10.0.0.1", "10.0.0.9", 22, "S").bytes();
    const Prefix source = Prefix::parse("10.0.0.1").value();
    using Kind = FuzzStep::Kind;
    FuzzFinding finding{.round = {.options = {.max_sources = 4096, .max_sources6 = 4096}},
                        .difference = {.step = 6, .what = "outcome", .expected = "", .got = ""}};
    finding.round.trace = {{.kind = Kind::block, .time_ns = 1, .target = source},
                           {.time_ns = 2, .frame = syn},
                           {.kind = Kind::unblock, .time_ns = 3, .target = source},
                           {.time_ns = 4, .frame = syn},
                           {.kind = Kind::allow, .time_ns = 5, .target = source},
                           {.kind = Kind::expire, .time_ns = 6},
                           {.time_ns = 7, .frame = syn}};
    const test::TemporaryDirectory directory;
    const FuzzSettings settings;
    const FuzzFiles files = write_files(finding, settings, directory / "");
    EXPECT_FALSE(files.scenario_fails);
    const Scenario scenario = load_scenario(files.scenario);
    EXPECT_THAT(std::get<CaptureInput>(scenario.input).actions, SizeIs(4));
}

} // namespace
} // namespace portscan
