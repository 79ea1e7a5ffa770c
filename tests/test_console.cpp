// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/console.h"

#include <gtest/gtest.h>

namespace portscan {
namespace {

TEST(Printable, LeavesTextAsItIs) {
    for (const char *text : {"", "a.pcap", "Größe", "日本語.pcap", "\U0001f512", "\u00a0\u200d"})
        EXPECT_EQ(printable(text), text);
}

TEST(Printable, ShowsWhatATerminalWouldObeyAsQuestionMarks) {
    EXPECT_EQ(printable("a\tb\x1b[2Jc\x7f\n"), "a?b?[2Jc??");
    EXPECT_EQ(printable("\u0080\u009b31m\u009f"), "??31m?");
    EXPECT_EQ(printable("\u202egpj.pcap\u2066\u200f\u061c\u2029"), "?gpj.pcap????");
    EXPECT_EQ(printable(std::string_view{"a\0b", 3}), "a?b");
}

TEST(Printable, ShowsBytesThatAreNoUtf8AsQuestionMarks) {
    EXPECT_EQ(printable("caf\xe9.pcap"), "caf?.pcap");
    EXPECT_EQ(printable("\xc3"), "?");              // cut
    EXPECT_EQ(printable("\xe2\x82"), "??");         // cut later
    EXPECT_EQ(printable("\xc0\xaf"), "??");         // longer than needed
    EXPECT_EQ(printable("\xed\xa0\x80"), "???");    // half of a pair of UTF-16
    EXPECT_EQ(printable("\xff\x9b[31m"), "??[31m"); // C1 as a byte of its own
}

} // namespace
} // namespace portscan
