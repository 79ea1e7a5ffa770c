// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using testing::HasSubstr;

TEST(Junit, CountsCasesBySuite) {
    CaseResult failed{.file = "a", .title = "two", .duration = std::chrono::milliseconds{1500}};
    failed.mismatches.push_back({.line = 3, .what = "drop", .expected = "1", .got = "2"});
    const std::string xml = junit_document(
        {{.file = "a", .title = "one"}, failed, {.file = "b", .errors = {"b:1: not TOML: <x>"}}});
    EXPECT_THAT(xml, HasSubstr("<testsuites name=\"xdp-portscan-sim\" tests=\"3\" failures=\"1\" "
                               "errors=\"1\" time=\"1.500000\">"));
    EXPECT_THAT(xml, HasSubstr("<testsuite name=\"a\" tests=\"2\" failures=\"1\" errors=\"0\""));
    EXPECT_THAT(xml, HasSubstr("<testcase classname=\"a\" name=\"two\" file=\"a\" time=\"1.5"));
    EXPECT_THAT(xml, HasSubstr("<failure type=\"expectation\" message=\"drop: expected 1, got 2\">"
                               "a:3: drop: expected 1, got 2\n"));
    EXPECT_THAT(xml, HasSubstr("<testsuite name=\"b\" tests=\"1\" failures=\"0\" errors=\"1\""));
    EXPECT_THAT(xml, HasSubstr("<error type=\"scenario\" message=\"b:1: not TOML: &lt;x&gt;\">"));
}

TEST(Junit, TellsLimitations) {
    EXPECT_THAT(junit_document({{.file = "a", .limitation = "no ACK & no sweep"}}),
                HasSubstr("<system-out>limitation: no ACK &amp; no sweep</system-out>"));
}

TEST(Junit, EscapesMarkup) {
    EXPECT_EQ(xml_escape("<a b=\"c\">'&'"), "&lt;a b=&quot;c&quot;&gt;&apos;&amp;&apos;");
}

TEST(Junit, ReplacesWhatXmlCannotHold) {
    EXPECT_EQ(xml_escape("a\x01\x1b b\r\n\tc"), "a?? b?\n\tc");
    EXPECT_EQ(xml_escape("é € 𝄞"), "é € 𝄞");
    EXPECT_EQ(xml_escape("\xff\xc3"), "??");           // no UTF-8, and cut short
    EXPECT_EQ(xml_escape("\xc0\xaf"), "??");           // overlong
    EXPECT_EQ(xml_escape("\xed\xa0\x80"), "???");      // a surrogate
    EXPECT_EQ(xml_escape("\xef\xbf\xbe"), "???");      // U+FFFE
    EXPECT_EQ(xml_escape("\xf4\x90\x80\x80"), "????"); // beyond U+10FFFF
    EXPECT_EQ(xml_escape(std::string_view{"a\0b", 3}), "a?b");
}

} // namespace
} // namespace portscan
