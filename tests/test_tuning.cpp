// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/tuning.h"

#include "sim/tune_sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

namespace portscan {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

TalliedSource source(const char *address, SourceTally tally) {
    return {*Prefix::parse(address), tally};
}

SourceTally blocked_after(std::uint64_t probes, std::uint64_t dropped = 10) {
    return {.blocked = true,
            .probes_before = probes,
            .probes_passed = probes,
            .probes_dropped = dropped,
            .packets_dropped = dropped};
}

SourceTally never_blocked(std::uint64_t probes) {
    return {.probes_before = probes, .probes_passed = probes};
}

TEST(SourceTally, ProbesCountBeforeAndAfterTheBlock) {
    const auto result = [](Verdict verdict, Reason reason) {
        return RunResult{.verdict = verdict, .reason = reason};
    };
    SourceTally tally;
    tally.add(result(Verdict::pass, Reason::recorded), true);
    tally.add(result(Verdict::pass, Reason::not_probe), false);
    tally.add(result(Verdict::pass, Reason::known), true);
    tally.add(result(Verdict::drop, Reason::threshold), true);
    tally.add(result(Verdict::drop, Reason::blocked), false);
    tally.add(result(Verdict::drop, Reason::blocked), true);
    tally.add(result(Verdict::pass, Reason::recorded), true); // the block is over
    EXPECT_EQ(tally, (SourceTally{.blocked = true,
                                  .probes_before = 2,
                                  .probes_passed = 3,
                                  .probes_dropped = 2,
                                  .packets_dropped = 3}));
}

/// Where the bound on blocks is reached probes are dropped, and nobody is blocked.
TEST(SourceTally, RefusedBlockIsNone) {
    SourceTally tally;
    tally.add({.verdict = Verdict::drop, .reason = Reason::block_refused}, true);
    EXPECT_FALSE(tally.blocked);
    EXPECT_EQ(tally.probes_dropped, 1);
}

TEST(SettingOutcome, CountsScannersAndThoseWronged) {
    SettingOutcome outcome;
    outcome.add(0,
                {source("10.0.0.1", blocked_after(3)), source("10.0.0.2", never_blocked(7)),
                 source("10.0.0.3", blocked_after(5))},
                {source("10.0.1.1", {.blocked = true, .probes_dropped = 2, .packets_dropped = 9})},
                100);
    SettingOutcome other;
    other.add(1, {source("10.0.0.1", blocked_after(40))}, {}, 100);
    outcome.merge(other);
    EXPECT_EQ(outcome.caught, 3);
    EXPECT_EQ(outcome.missed, 1);
    EXPECT_EQ(outcome.median_before(), 5);
    EXPECT_EQ(outcome.worst_before(), 40);
    EXPECT_EQ(outcome.probes_passed, 55);
    EXPECT_EQ(outcome.probes_dropped, 30);
    EXPECT_EQ(outcome.wronged, 1);
    EXPECT_EQ(outcome.honest_probes_dropped, 2);
    EXPECT_EQ(outcome.honest_packets_dropped, 9);
    ASSERT_THAT(outcome.scanners, SizeIs(4));
    EXPECT_EQ(outcome.scanners[0].source.to_string(), "10.0.0.2") << "those missed come first";
    EXPECT_EQ(outcome.scanners[3].capture, 1);
}

TEST(SettingOutcome, MedianIsOfNearestRank) {
    SettingOutcome outcome;
    EXPECT_EQ(outcome.median_before(), std::nullopt);
    EXPECT_EQ(outcome.worst_before(), std::nullopt);
    for (const std::uint64_t probes : {9, 2, 4, 3})
        outcome.add(0, {source("10.0.0.1", blocked_after(probes))}, {}, 0);
    EXPECT_EQ(outcome.median_before(), 3);
    EXPECT_EQ(outcome.worst_before(), 9);
}

TEST(SettingOutcome, ListsAreAsLongAsWanted) {
    SettingOutcome outcome;
    outcome.add(0, {source("10.0.0.1", blocked_after(3)), source("10.0.0.2", never_blocked(7))},
                {source("10.0.1.1", blocked_after(0)), source("10.0.1.2", blocked_after(0))}, 1);
    ASSERT_THAT(outcome.scanners, SizeIs(1));
    EXPECT_EQ(outcome.scanners[0].source.to_string(), "10.0.0.2");
    EXPECT_EQ(outcome.scanners_omitted, 1);
    ASSERT_THAT(outcome.wronged_sources, SizeIs(1));
    EXPECT_EQ(outcome.wronged_omitted, 1);
    EXPECT_EQ(outcome.wronged, 2);
}

/// As a sweep over max-ports gives it, of four scanners.
SettingOutcome outcome(std::uint64_t caught, std::uint64_t wronged, std::uint64_t passed,
                       std::uint64_t honest_packets = 0) {
    return {.caught = caught,
            .missed = 4 - caught,
            .probes_passed = passed,
            .wronged = wronged,
            .honest_packets_dropped = honest_packets};
}

class Choice : public ::testing::Test {
  protected:
    void add(const SettingOutcome &one, DetectorOptions options = {}) {
        outcomes_.push_back(one);
        settings_.push_back({.options = options});
    }
    Frontier frontier() const { return find_frontier(settings_, outcomes_); }
    Recommendation recommended(std::uint64_t may_wrong = 0) const {
        return recommend(frontier(), outcomes_, may_wrong);
    }

    std::vector<SweepSetting> settings_;
    std::vector<SettingOutcome> outcomes_;
};

TEST_F(Choice, FrontierHasWhatNothingIsBetterThan) {
    add(outcome(4, 2, 8, 50)); // catches all
    add(outcome(3, 0, 20, 0)); // wrongs nobody
    add(outcome(3, 0, 25, 0)); // the same, later
    add(outcome(3, 1, 20, 9)); // the same, and wrongs somebody
    add(outcome(2, 0, 12, 0)); // catches fewer, of whom less gets in
    add(outcome(4, 2, 9, 50)); // as the first one, later
    add(outcome(4, 2, 9, 40)); // later, but milder
    EXPECT_THAT(frontier().best, ElementsAre(0, 1, 4, 6));
}

TEST_F(Choice, OfTheSameOutcomeTheOneNearestToTheDefaultsStandsForAll) {
    add(outcome(3, 0, 20), {.max_ports = 5, .window = std::chrono::seconds{10}});
    add(outcome(3, 0, 20), {.max_ports = 5});
    add(outcome(3, 0, 20), {.max_ports = 6});
    EXPECT_THAT(frontier().best, ElementsAre(1));
    EXPECT_THAT(frontier().same_as, ElementsAre(std::optional<std::size_t>{1}, std::nullopt,
                                                std::optional<std::size_t>{1}));
}

TEST_F(Choice, ThatWrongsNobodyAndCatchesMostIsRecommended) {
    add(outcome(4, 2, 8, 50));
    add(outcome(3, 0, 20));
    add(outcome(2, 0, 12));
    EXPECT_EQ(recommended().setting, 1);
    EXPECT_EQ(recommended().reason, "it catches 3 of 4 scanners and wrongs nobody; to catch 4 "
                                    "means to wrong 2 honest sources.");
}

TEST_F(Choice, SomeMayBeWronged) {
    add(outcome(4, 2, 8, 50));
    add(outcome(3, 0, 20));
    EXPECT_EQ(recommended(1).setting, 1);
    EXPECT_EQ(recommended(2).setting, 0);
    EXPECT_EQ(recommended(2).reason,
              "it catches 4 of 4 scanners and wrongs 2 honest sources; no setting catches more.");
}

TEST_F(Choice, WhereEverySettingWrongsSomebodyItIsSaid) {
    add(outcome(4, 3, 8, 50));
    add(outcome(3, 1, 20, 4));
    EXPECT_EQ(recommended().setting, 1);
    EXPECT_EQ(recommended().reason,
              "it catches 3 of 4 scanners and wrongs 1 honest source, fewer than which no setting "
              "wrongs; to catch 4 means to wrong 3 honest sources.");
}

TEST_F(Choice, OfThoseThatCatchAsManyTheOneThatLetsLeastInIsRecommended) {
    add(outcome(3, 0, 20));
    add(outcome(3, 1, 10, 2));
    add(outcome(3, 1, 9, 8));
    EXPECT_EQ(recommended(0).setting, 0);
    EXPECT_THAT(recommended(0).reason, Not(HasSubstr("fewest")));
    EXPECT_EQ(recommended(1).setting, 2);
    EXPECT_THAT(recommended(1).reason, HasSubstr("the fewest of the scanners' probes through, 9"));
}

TEST_F(Choice, WithoutScannersOnlyWhoIsWrongedCounts) {
    outcomes_ = {{.wronged = 1, .honest_packets_dropped = 3}, {}};
    settings_.resize(2);
    EXPECT_EQ(recommended().setting, 1);
    EXPECT_EQ(recommended().reason, "no scanner is labelled, and it wrongs nobody.");
}

TEST(TuneSweep, CapturesAreReadAsSeldomAsKeepsEveryJobBusy) {
    EXPECT_EQ(readings(1, 8), 1);
    EXPECT_EQ(readings(16, 1), 1);
    EXPECT_EQ(readings(17, 1), 2);
    EXPECT_EQ(readings(45, 2), 4);
    EXPECT_EQ(readings(45, 64), 45);
    EXPECT_EQ(readings(1000, 2), 64);
}

} // namespace
} // namespace portscan
