// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/shell_word.h"

#include <gtest/gtest.h>

namespace portscan {
namespace {

TEST(ShellWord, LeavesPlainWordsAlone) {
    EXPECT_EQ(shell_word("--allow=10.0.0.0/8,::1"), "--allow=10.0.0.0/8,::1");
}

TEST(ShellWord, QuotesWhatAShellWouldTakeApart) {
    EXPECT_EQ(shell_word(""), "''");
    EXPECT_EQ(shell_word("dst host 10.0.0.5"), "'dst host 10.0.0.5'");
    EXPECT_EQ(shell_word("$(id)"), "'$(id)'");
    EXPECT_EQ(shell_word("it's"), R"('it'\''s')");
}

TEST(ShellWord, ALineHasSpacesBetweenWords) {
    EXPECT_EQ(shell_words({}), "");
    EXPECT_EQ(shell_words({"sim", "a b", "c"}), "sim 'a b' c");
}

} // namespace
} // namespace portscan
