// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/nearest_word.h"

#include <gtest/gtest.h>

namespace portscan {
namespace {

TEST(NearestWord, FindsWhatWasMeant) {
    const std::vector<std::string> known{"drop", "pass", "packets", "ever-blocked", "max-ports"};
    EXPECT_EQ(nearest_word("drpo", known), "drop");
    EXPECT_EQ(nearest_word("packet", known), "packets");
    EXPECT_EQ(nearest_word("ever_blocked", known), "ever-blocked");
    EXPECT_EQ(nearest_word("maxports", known), "max-ports");
}

TEST(NearestWord, LeavesOtherWordsAlone) {
    EXPECT_EQ(nearest_word("colour", {"drop", "pass"}), "");
    EXPECT_EQ(nearest_word("x", {"a"}), "");
}

} // namespace
} // namespace portscan
