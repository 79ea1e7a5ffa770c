// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/equivalent_mutants.h"
#include "sim/mutation_report.h"
#include "sim/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace portscan {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string list = R"(
[[equivalent]]
file = "bpf/a.bpf.h"
function = ["f4", "f6"]
text = "if (a > b) return;"
kind = "boundary"
change = "> 3 to >= 3"
count = 2
reason = "a is never 3"
)";

Mutant mutant(const std::string &function, const std::string &change = "> 3 to >= 3") {
    Mutant one;
    one.line = {.file = "bpf/a.bpf.h", .line = 12, .text = "if (a > b) return;"};
    one.function = function;
    one.mutation.kind = MutationKind::boundary;
    one.mutation.change = change;
    return one;
}

std::vector<std::string> problems_of(const std::string &text) {
    try {
        parse_equivalents(SourceText{"list.toml", text});
    } catch (const ScenarioError &error) {
        return error.lines();
    }
    return {};
}

TEST(EquivalentMutants, AreKnownByTheTextOfTheirLine) {
    const auto entries = parse_equivalents(SourceText{"list.toml", list});
    ASSERT_THAT(entries, SizeIs(2));
    EXPECT_TRUE(entries[0].covers(mutant("f4")));
    EXPECT_FALSE(entries[0].covers(mutant("f6")));
    EXPECT_TRUE(entries[1].covers(mutant("f6")));
    EXPECT_FALSE(entries[0].covers(mutant("f4", "> 3 to > 4")));
    EXPECT_EQ(entries[0].reason, "a is never 3");
}

TEST(EquivalentMutants, CoverNoMoreThanTheyCount) {
    const auto entries = parse_equivalents(SourceText{"list.toml", list});
    const Mutant one = mutant("f4");
    const Mutant six = mutant("f6");
    const auto check =
        check_equivalents(entries, "list.toml", {&one, &one, &one, &six, &six}, true);
    EXPECT_THAT(check.listed, ElementsAre(true, true, false, true, true));
    EXPECT_THAT(check.problems, IsEmpty());
}

TEST(EquivalentMutants, ThatAreKilledOrGoneAreAProblemOfAllButNotOfASample) {
    const auto entries = parse_equivalents(SourceText{"list.toml", list});
    const Mutant one = mutant("f4");
    EXPECT_THAT(check_equivalents(entries, "list.toml", {&one, &one}, false).problems, IsEmpty());
    EXPECT_THAT(check_equivalents(entries, "list.toml", {&one, &one}, true).problems,
                ElementsAre(AllOf(HasSubstr("list.toml:2: 0 of 2"), HasSubstr("f6"))));
}

TEST(EquivalentMutants, AreRefusedWithWhatIsWrong) {
    EXPECT_THAT(problems_of("x = ["), ElementsAre(HasSubstr("list.toml:1: not TOML")));
    EXPECT_THAT(problems_of("[[equivalent]]\nfile = \"a\"\n"),
                ::testing::Contains(HasSubstr("lacks reason")));
    EXPECT_THAT(problems_of("[[equivalents]]\n"), ElementsAre(HasSubstr("did you mean")));
    std::string wrong = list;
    wrong.replace(wrong.find("boundary"), 8, "bondary");
    EXPECT_THAT(problems_of(wrong), ElementsAre(HasSubstr("kind 'bondary' is none of")));
    wrong = list;
    wrong.replace(wrong.find("count = 2"), 9, "count = 0");
    EXPECT_THAT(problems_of(wrong), ElementsAre(HasSubstr("count is not a number")));
    EXPECT_THAT(problems_of(list + list), ::testing::Contains(HasSubstr("give that a count")));
}

TEST(MutationReport, CountsTheVerifiersAndTheEquivalentOnesForNobody) {
    const std::vector<Mutant> mutants{mutant("f4"), mutant("f4"), mutant("x"),
                                      mutant("y"),  mutant("z"),  mutant("z")};
    const auto entries = parse_equivalents(SourceText{"list.toml", list});
    const MutationReport report = make_report(mutants,
                                              {Fate::survived, Fate::survived, Fate::refused,
                                               Fate::killed, Fate::killed, Fate::unreached},
                                              entries, "list.toml", false);
    EXPECT_EQ(report.refused, 1U);
    EXPECT_EQ(report.equivalent, 2U);
    EXPECT_EQ(report.killed, 2U);
    EXPECT_THAT(report.survivors, SizeIs(1));
    EXPECT_NEAR(report.rate(), 66.67, 0.01);
    std::ostringstream text;
    write_text(text, report);
    EXPECT_THAT(text.str(), AllOf(HasSubstr("not reached: bpf/a.bpf.h:12 z, boundary: > 3 to >= 3\n"
                                            "    if (a > b) return;\n"),
                                  HasSubstr("66.6 % of those that differ are killed")));
    std::ostringstream json;
    write_json(json, report);
    EXPECT_THAT(json.str(), AllOf(HasSubstr("\"killed\":2,\"killed_on_stages\":0,\"survived\":1"),
                                  HasSubstr("\"text\":\"if (a > b) return;\"")));
}

} // namespace
} // namespace portscan
