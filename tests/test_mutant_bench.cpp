// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mutation_campaign.h"
#include "tests/small_simulator.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace test;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const char *const threshold = R"(title = "threshold"
packets = """
  0s  10.0.0.1 > 10.0.0.9:1  S  pass  recorded
  1s  10.0.0.1 > 10.0.0.9:2  S  pass  recorded
  2s  10.0.0.1 > 10.0.0.9:3  S  drop  threshold
  !200s  expire
"""
[detector]
max-ports = 2
expire-interval = "10h"
[expect]
registry-size = 1
)";

std::vector<Scenario> scenarios(const std::string &text) {
    std::vector<Scenario> parsed;
    parsed.push_back(parse_scenario(SourceText{"literal.scenario.toml", text}));
    return parsed;
}

class MutantBenchTest : public ::testing::Test {
  protected:
    MutantBenchTest() : simulator_(small()), mutants_(find_mutants(simulator_.detector(), "")) {}

    /// Those of lines with this text and of this kind, in the function.
    std::vector<Mutant> of_line(const std::string &function, const std::string &text,
                                MutationKind kind) const {
        std::vector<Mutant> found;
        std::copy_if(
            mutants_.begin(), mutants_.end(), std::back_inserter(found), [&](const Mutant &one) {
                return one.function == function && one.line.text.find(text) != std::string::npos &&
                       one.mutation.kind == kind;
            });
        return found;
    }
    const std::vector<Mutant> &all() const { return mutants_; }

  private:
    Simulator simulator_;
    std::vector<Mutant> mutants_;
};

std::vector<Fate> fates_of(const std::string &text, const std::vector<Mutant> &mutants,
                           std::size_t jobs = 1, bool stages = false) {
    const auto files = scenarios(text);
    Campaign campaign{files, {.jobs = jobs, .stages = stages}};
    EXPECT_THAT(campaign.find_broken(), IsEmpty());
    return campaign.run(mutants);
}

TEST_F(MutantBenchTest, FindsMutantsOfBothProgramsWithTheirLines) {
    EXPECT_GT(all().size(), 2000U);
    for (const ProgramRole role : {ProgramRole::filter, ProgramRole::expiry})
        EXPECT_TRUE(std::any_of(all().begin(), all().end(), [&](const Mutant &one) {
            return one.role == role && one.line.file.starts_with("bpf/") && !one.line.text.empty();
        }));
}

TEST_F(MutantBenchTest, KillsAThresholdTurnedAround) {
    const auto wrong =
        of_line("judge_once4", "if (used >= config.max_ports)", MutationKind::condition);
    ASSERT_FALSE(wrong.empty());
    EXPECT_THAT(fates_of(threshold, wrong), Contains(Fate::killed));
}

TEST_F(MutantBenchTest, KillsMutantsOfTheExpiryPass) {
    std::vector<Mutant> expiry;
    std::copy_if(all().begin(), all().end(), std::back_inserter(expiry), [](const Mutant &one) {
        return one.role == ProgramRole::expiry && one.function == "expire_record4" &&
               one.mutation.kind == MutationKind::condition;
    });
    ASSERT_FALSE(expiry.empty());
    EXPECT_THAT(fates_of(threshold, expiry, 2), Contains(Fate::killed));
}

TEST_F(MutantBenchTest, LetsAMutantLiveThatChangesNothing) {
    Mutant same =
        of_line("judge_once4", "if (used >= config.max_ports)", MutationKind::condition).at(0);
    const ProgramText text = program_text(Simulator{small()}.detector(), same.role);
    same.mutation.replacement = text.instructions()[same.mutation.place];
    EXPECT_THAT(fates_of(threshold, {same}), ElementsAre(Fate::survived));
}

TEST_F(MutantBenchTest, SaysWhatNoScenarioReaches) {
    const auto six =
        of_line("judge_once6", "if (used >= config.max_ports)", MutationKind::condition);
    ASSERT_FALSE(six.empty());
    EXPECT_THAT(fates_of(threshold, six), ::testing::Each(Fate::unreached));
}

TEST_F(MutantBenchTest, TellsWhatAStageAloneNotices) {
    // Dead records are nothing that packets could bring about.
    const auto dead = of_line("expire_record4", "if (swap_word(record, word, (word & ~DEAD_TIME",
                              MutationKind::condition);
    const auto wrong =
        of_line("judge_once4", "if (used >= config.max_ports)", MutationKind::condition);
    ASSERT_FALSE(dead.empty());
    ASSERT_FALSE(wrong.empty());
    EXPECT_THAT(fates_of(threshold, dead), ::testing::Each(Fate::unreached));
    EXPECT_THAT(fates_of(threshold, {dead.front(), wrong.front()}, 1, true),
                ElementsAre(Fate::on_stage, Fate::killed));
}

TEST_F(MutantBenchTest, CountsWhatTheVerifierRefuses) {
    Mutant endless =
        of_line("judge_once4", "if (used >= config.max_ports)", MutationKind::condition).at(0);
    endless.mutation.replacement = {
        .code = BPF_JMP | BPF_JA, .dst_reg = 0, .src_reg = 0, .off = -1, .imm = 0};
    EXPECT_THAT(fates_of(threshold, {endless}), ElementsAre(Fate::refused));
}

TEST_F(MutantBenchTest, NamesAScenarioThatFailsAnyway) {
    std::string wrong = threshold;
    wrong.replace(wrong.find("registry-size = 1"), 17, "registry-size = 2");
    const auto files = scenarios(wrong);
    Campaign campaign{files, {}};
    EXPECT_THAT(campaign.find_broken(), ElementsAre("literal.scenario.toml:1: 'threshold'"));
}

} // namespace
} // namespace portscan
