// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/tap.h"

#include <gtest/gtest.h>
#include <sstream>

namespace portscan {
namespace {

TEST(Tap, WritesVersionPlanAndPoints) {
    std::ostringstream out;
    TapWriter tap{out, 2};
    tap.write({.file = "a.scenario.toml", .title = "blocks"});
    tap.write({.file = "b.scenario.toml", .limitation = "a threshold\nsees no ACK scan"});
    EXPECT_EQ(out.str(), "TAP version 14\n1..2\n"
                         "ok 1 - a.scenario.toml: blocks\n"
                         "ok 2 - b.scenario.toml\n"
                         "# limitation: a threshold\n# sees no ACK scan\n");
}

TEST(Tap, ExplainsAFailureInAYamlBlock) {
    std::ostringstream out;
    TapWriter tap{out, 1};
    CaseResult result{.file = "a.scenario.toml", .title = "blocks", .command = "sim test a"};
    result.mismatches.push_back({.line = 7,
                                 .what = "drop",
                                 .expected = "998",
                                 .got = "997",
                                 .frame = FrameNote{.number = 4,
                                                    .time_ns = 1'500'000'000,
                                                    .summary = "10.0.0.1:1 > 10.0.0.9:22 S",
                                                    .outcome = "drop (threshold)"}});
    tap.write(result);
    EXPECT_EQ(out.str(), "TAP version 14\n1..1\n"
                         "not ok 1 - a.scenario.toml: blocks\n"
                         "  ---\n"
                         "  mismatches:\n"
                         "    - at: \"a.scenario.toml:7\"\n"
                         "      what: \"drop\"\n"
                         "      expected: \"998\"\n"
                         "      got: \"997\"\n"
                         "      frame: \"first frame that differs: 4 at 1.500000000 "
                         "(10.0.0.1:1 > 10.0.0.9:22 S): drop (threshold)\"\n"
                         "  reproduce: \"sim test a\"\n"
                         "  ...\n");
}

TEST(Tap, ReportsErrorsAsNotOk) {
    std::ostringstream out;
    TapWriter tap{out, 1};
    tap.write({.file = "a", .errors = {"a:1: \"x\" is wrong"}});
    EXPECT_EQ(out.str(), "TAP version 14\n1..1\nnot ok 1 - a\n  ---\n  errors:\n"
                         "    - \"a:1: \\\"x\\\" is wrong\"\n  ...\n");
}

TEST(Tap, BailsOut) {
    std::ostringstream out;
    TapWriter tap{out, 0};
    tap.bail_out("no CAP_BPF\nhere");
    EXPECT_EQ(out.str(), "TAP version 14\n1..0\nBail out! no CAP_BPF here\n");
}

TEST(Tap, LetsNoTitleBecomeADirective) {
    EXPECT_EQ(tap_description("a # skip \\ b\nok 9"), "a \\# skip \\\\ b ok 9");
}

TEST(Tap, QuotesYaml) {
    EXPECT_EQ(yaml_string("\u009b31m \u202e \xff"), R"("\x9b31m \u202e ?")");
    EXPECT_EQ(yaml_string("a \"b\" \\ \n\x01 é"), "\"a \\\"b\\\" \\\\ \\n\\x01 é\"");
}

} // namespace
} // namespace portscan
