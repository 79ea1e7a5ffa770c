// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/instruction_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan::test {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::ThrowsMessage;

const CountRow object{.table = "object",
                      .key = {{"clang", "14.0.6"}},
                      .counts = {{"judge_once4", 400}, {"xdp_port_scan_block", 900}}};
const CountRow verified{.table = "verified",
                        .key = {{"clang", "14.0.6"}, {"kernel", "6.1.0"}},
                        .counts = {{"xdp_port_scan_block", 66'000}}};

TEST(InstructionCounts, ReadBackWhatIsPrinted) {
    EXPECT_THAT(parse_counts("# of the programs\n" + to_toml(object) + to_toml(verified)),
                testing::UnorderedElementsAre(object, verified));
}

TEST(InstructionCounts, SayWhereAFileIsWrong) {
    EXPECT_THAT([] { parse_counts("[[object]]\nclang = true\n"); },
                ThrowsMessage<std::runtime_error>("line 2: clang is neither text nor a number"));
    EXPECT_THAT([] { parse_counts("[[object]]\nclang =\n"); },
                ThrowsMessage<std::runtime_error>(HasSubstr("line 2: ")));
    EXPECT_THAT([] { parse_counts("object = 3\n"); },
                ThrowsMessage<std::runtime_error>("object is no list of tables"));
}

TEST(InstructionCounts, PassSilentlyWhereTheyAreTheSame) {
    const CountVerdict verdict = compare_counts({verified, object}, object, "counts.toml");
    EXPECT_TRUE(verdict.passed);
    EXPECT_THAT(verdict.text, IsEmpty());
}

TEST(InstructionCounts, PassWithTheRowToAddForAnotherCompilerOrKernel) {
    CountRow other = verified;
    other.key["kernel"] = "6.12.1";
    const CountVerdict verdict = compare_counts({object, verified}, other, "counts.toml");
    EXPECT_TRUE(verdict.passed);
    EXPECT_THAT(verdict.text, AllOf(HasSubstr("counts.toml"), EndsWith(to_toml(other))));
}

TEST(InstructionCounts, FailWithTheDifferencesAndTheRowToPut) {
    CountRow changed = object;
    changed.counts["judge_once4"] = 401;
    changed.counts["judge_once6"] = 20;
    const CountVerdict verdict = compare_counts({object, verified}, changed, "counts.toml");
    EXPECT_FALSE(verdict.passed);
    EXPECT_THAT(verdict.text,
                AllOf(HasSubstr("  judge_once4: 401, was 400\n"),
                      HasSubstr("  judge_once6: 20, was none\n"),
                      Not(HasSubstr("xdp_port_scan_block: ")), EndsWith(to_toml(changed))));
}

TEST(InstructionCounts, KeyIsTheVersionWithoutWhatTheDistributionAdds) {
    EXPECT_EQ(version_number("6.18.44-cloud-amd64"), "6.18.44");
    EXPECT_EQ(version_number("14.0.6"), "14.0.6");
    EXPECT_EQ(version_number("6.12.+"), "6.12");
}

} // namespace
} // namespace portscan::test
