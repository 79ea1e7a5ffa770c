// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bless.h"
#include "sim/rewrite.h"
#include "temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace portscan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string packet = "packets = \"0s 10.0.0.1 > 10.0.0.9:22 S\"\n";

using Words = std::vector<std::string>;

/// The file after its only list, number or word expects `words`.
std::string rewritten(const std::string &line, const Words &words) {
    const Scenario scenario =
        parse_scenario({"s", packet + "[[expect.source]]\naddress = \"10.0.0.1\"\n" + line});
    const Expected &expected = scenario.cases.at(0).expect.sources.at(0).fields.at(0);
    const std::string text =
        apply_edits(scenario.source.text(), rewrite_value(scenario.source, expected, words).edits);
    // It is a scenario still, and says what it was told to.
    const Scenario again = parse_scenario({"s", text});
    EXPECT_EQ(again.cases.at(0).expect.sources.at(0).fields.at(0).words, words);
    return text.substr(text.find("address = \"10.0.0.1\"\n") + 21);
}

TEST(Rewrite, KeepsWhatStandsAround) {
    EXPECT_EQ(rewritten("dropped   = 5   # five\n", {"17"}), "dropped   = 17   # five\n");
    EXPECT_EQ(rewritten("state = 'active' # é\n", {"expired"}), "state = 'expired' # é\n");
    EXPECT_EQ(rewritten("state = \"active\"\n", {"expired"}), "state = \"expired\"\n");
    EXPECT_EQ(rewritten("blocked=true\n", {"false"}), "blocked=false\n");
}

TEST(Rewrite, KeepsTheFormOfCommaStrings) {
    EXPECT_EQ(rewritten("ports = \"1,2\"\n", {"1", "3", "4"}), "ports = \"1,3,4\"\n");
    EXPECT_EQ(rewritten("ports = '1, 2'\n", {"7"}), "ports = '7'\n");
    EXPECT_EQ(rewritten("ports = \"1\"\n", {}), "ports = \"\"\n");
}

TEST(Rewrite, TouchesOnlyTheItemsThatDiffer) {
    EXPECT_EQ(rewritten("ports = [ 1,  2, 3 ]\n", {"1", "9", "3"}), "ports = [ 1,  9, 3 ]\n");
    EXPECT_EQ(rewritten("ports = [1, 2]\n", {"1", "2", "3", "4"}), "ports = [1, 2, 3, 4]\n");
    EXPECT_EQ(rewritten("ports = [1, 2, 3]\n", {"1"}), "ports = [1]\n");
    EXPECT_EQ(rewritten("ports = [1, 2, 3,]\n", {}), "ports = []\n");
    EXPECT_EQ(rewritten("ports = []\n", {"5", "6"}), "ports = [5, 6]\n");
    EXPECT_EQ(rewritten("ports = 5\n", {"5", "6"}), "ports = [5, 6]\n");
}

TEST(Rewrite, KeepsCommentsBetweenItems) {
    const std::string list = "ports = [ # in order\n  1, # one, a\n  2, # two\n  3  # three\n]\n";
    EXPECT_EQ(rewritten(list, {"1", "5", "3"}),
              "ports = [ # in order\n  1, # one, a\n  5, # two\n  3  # three\n]\n");
    EXPECT_EQ(rewritten(list, {"1", "2", "3", "4"}),
              "ports = [ # in order\n  1, # one, a\n  2, # two\n  3, 4  # three\n]\n");
    const std::string shorter = rewritten(list, {"1"});
    for (const char *comment : {"# in order", "# one, a", "# two", "# three"}) {
        EXPECT_THAT(shorter, HasSubstr(comment));
    }
    const std::string empty = rewritten(list, {});
    EXPECT_THAT(empty, HasSubstr("# one, a\n"));
}

/// A result in which the first total of case `index` came out as `got`.
CaseResult result_with(const Scenario &scenario, std::size_t index, const std::string &got) {
    const Expected &expected = scenario.cases.at(index).expect.totals.at(0);
    CaseResult result{.file = "s"};
    if (expected.words.front() == got) return result;
    result.mismatches.push_back({.line = expected.line,
                                 .what = expected.key,
                                 .expected = expected.words.front(),
                                 .got = got,
                                 .rewrite = rewrite_value(scenario.source, expected, {got})});
    return result;
}

const std::string two_cases = packet + "[expect]\ndrop = 1\n[[case]]\nmax-ports = 1\n";

TEST(Bless, ChangesASharedValueWhereAllCasesAgree) {
    const Scenario scenario = parse_scenario({"s", two_cases});
    const Blessing blessing =
        bless(scenario, {result_with(scenario, 0, "3"), result_with(scenario, 1, "3")});
    EXPECT_THAT(blessing.refused, IsEmpty());
    ASSERT_THAT(blessing.edits, testing::SizeIs(1));
    EXPECT_EQ(blessing.edits[0].text, "3");
}

TEST(Bless, RefusesASharedValueWhereCasesDisagree) {
    const Scenario scenario = parse_scenario({"s", two_cases});
    for (const char *other : {"4", "1"}) {
        const Blessing blessing =
            bless(scenario, {result_with(scenario, 0, "3"), result_with(scenario, 1, other)});
        EXPECT_THAT(blessing.edits, IsEmpty());
        EXPECT_THAT(blessing.refused,
                    ElementsAre(HasSubstr("s:3: drop: expected 1, got 3: the cases that share")));
    }
}

TEST(Bless, ChangesValuesThatCasesHaveOfTheirOwn) {
    const Scenario scenario = parse_scenario({"s", two_cases + "[case.expect]\ndrop = 1\n"});
    const Blessing blessing =
        bless(scenario, {result_with(scenario, 0, "1"), result_with(scenario, 1, "4")});
    EXPECT_EQ(apply_edits(scenario.source.text(), blessing.edits),
              two_cases + "[case.expect]\ndrop = 4\n");
}

TEST(Bless, RefusesWhatNoValueCanState) {
    const Scenario scenario = parse_scenario({"s", packet + "[expect]\ndrop = 1\n"});
    CaseResult result{.file = "s"};
    result.mismatches.push_back({.line = 9, .what = "frame 7", .expected = "a", .got = "b"});
    const Blessing blessing = bless(scenario, {result});
    EXPECT_THAT(blessing.edits, IsEmpty());
    EXPECT_THAT(blessing.refused,
                ElementsAre(HasSubstr("s:9: frame 7: expected a, got b: no value")));
}

TEST(Difference, ShowsOldAndNewLines) {
    const SourceText text{"s", "a = 1\nb = 2 # x\nc = 3\n\n\nd = [4,\n 5]"};
    EXPECT_EQ(difference(text, {{{10, 11}, "20"}, {{4, 5}, "10"}, {{29, 34}, "4"}}),
              "@@ s:1 @@\n-a = 1\n-b = 2 # x\n+a = 10\n+b = 20 # x\n"
              "@@ s:6 @@\n-d = [4,\n- 5]\n+d = [4]\n");
}

TEST(ReplaceFile, KeepsPermissionsAndLinks) {
    const test::TemporaryDirectory folder;
    const std::string path = folder.write("real", {});
    chmod(path.c_str(), 0640);
    std::filesystem::create_symlink(path, folder / "link");
    replace_file(folder / "link", "new");
    EXPECT_EQ(SourceText::read(path).text(), "new");
    EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0640U);
    // Nothing is left beside it.
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder / ""}, {}), 2);
}

TEST(ReplaceFile, ThrowsWhereItCannotWrite) {
    EXPECT_THROW(replace_file("/nowhere/a", "x"), OptionError);
}

TEST(SaysCi, TakesTheVariableAtItsWord) {
    EXPECT_FALSE(says_ci(nullptr));
    EXPECT_FALSE(says_ci(""));
    EXPECT_FALSE(says_ci("false"));
    EXPECT_TRUE(says_ci("true"));
    EXPECT_TRUE(says_ci("1"));
}

} // namespace
} // namespace portscan
