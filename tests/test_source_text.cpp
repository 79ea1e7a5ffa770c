// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/source_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <system_error>

namespace portscan {
namespace {

TEST(SourceText, FindsOffsetsByLineAndCodePoint) {
    const SourceText text{"a.toml", "x = 1\nt = \"äö\" # end\n"};
    EXPECT_EQ(text.offset(1, 1), 0U);
    EXPECT_EQ(text.offset(2, 1), 6U);
    EXPECT_EQ(text.slice({text.offset(2, 5), text.offset(2, 9)}), "\"äö\"");
    EXPECT_EQ(text.line_of(text.offset(2, 9)), 2U);
}

TEST(SourceText, GoesToTheEndOfLineBeyondItsLastColumn) {
    const SourceText text{"a.toml", "ab\ncd"};
    EXPECT_EQ(text.offset(1, 3), 2U);
    EXPECT_EQ(text.offset(1, 9), 2U);
    EXPECT_EQ(text.offset(9, 1), 5U);
}

TEST(SourceText, GivesLinesWithoutTheirEnds) {
    const SourceText text{"a.toml", "ab\r\n\ncd"};
    EXPECT_EQ(text.line_count(), 3U);
    EXPECT_EQ(text.line(1), "ab");
    EXPECT_EQ(text.line(2), "");
    EXPECT_EQ(text.line(3), "cd");
    EXPECT_EQ(text.line(4), "");
}

TEST(SourceText, SaysWhichFileCannotBeRead) {
    try {
        SourceText::read("/nowhere/a.toml");
        FAIL() << "read it";
    } catch (const std::system_error &error) {
        EXPECT_THAT(error.what(), testing::StartsWith("cannot read /nowhere/a.toml: No such file"));
    }
}

TEST(SourceText, AppliesEditsInAnyOrder) {
    EXPECT_EQ(apply_edits("one two three", {{{8, 13}, "3"}, {{0, 3}, "1"}, {{3, 3}, ","}}),
              "1, two 3");
    EXPECT_EQ(apply_edits("same", {}), "same");
}

} // namespace
} // namespace portscan
