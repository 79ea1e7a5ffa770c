// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/scenario.h"
#include "temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

Scenario parse(const std::string &text, ScenarioUse use = ScenarioUse::test) {
    return parse_scenario({"s.scenario.toml", text}, use);
}

/// What is wrong with the text, line by line.
std::vector<std::string> problems(const std::string &text) {
    try {
        parse(text);
    } catch (const ScenarioError &error) {
        return error.lines();
    }
    return {};
}

const std::string packet = "packets = \"0s 10.0.0.1 > 10.0.0.9:22 S pass\"\n";

TEST(ScenarioParse, ReadsPacketsWithTheirColumns) {
    const Scenario scenario = parse(R"(title = "t"
packets = """
  0s   10.0.0.1 > 10.0.0.9:22 S pass recorded
  # a comment
  !1s  unblock 10.0.0.1
  2s   10.0.0.1 > 10.0.0.9:23 S
  3s   10.0.0.1 > 10.0.0.9:23 S drop   # why
"""
)");
    EXPECT_EQ(scenario.title, "t");
    EXPECT_THAT(std::get<std::vector<TextRow>>(scenario.input), SizeIs(4));
    ASSERT_THAT(scenario.cases, SizeIs(1));
    const auto &frames = scenario.cases[0].expect.frames;
    ASSERT_THAT(frames, SizeIs(2));
    EXPECT_THAT(frames[0].frames, ElementsAre(FrameRange{1, 1}));
    EXPECT_EQ(frames[0].line, 3U);
    EXPECT_EQ(scenario.source.slice(frames[0].verdict->range), "pass");
    EXPECT_EQ(scenario.source.slice(frames[0].reason->range), "recorded");
    EXPECT_THAT(frames[1].frames, ElementsAre(FrameRange{3, 3}));
    EXPECT_EQ(frames[1].line, 7U);
    EXPECT_EQ(scenario.source.slice(frames[1].verdict->range), "drop");
    EXPECT_FALSE(frames[1].reason);
}

TEST(ScenarioParse, FindsColumnsBesideTheQuotes) {
    const Scenario one_line = parse(packet);
    const auto &column = one_line.cases[0].expect.frames.at(0).verdict;
    EXPECT_EQ(one_line.source.slice(column->range), "pass");

    const Scenario last = parse("packets = '''0s 10.0.0.1 > 10.0.0.9:22 S\n"
                                "1s 10.0.0.1 > 10.0.0.9:23 S drop threshold'''\n");
    const auto &frame = last.cases[0].expect.frames.at(0);
    EXPECT_EQ(frame.line, 2U);
    EXPECT_EQ(last.source.slice(frame.verdict->range), "drop");
    EXPECT_EQ(last.source.slice(frame.reason->range), "threshold");
}

TEST(ScenarioParse, ReadsExpectations) {
    const Scenario scenario = parse(packet + R"([expect]
drop = 997
skipped = { too-short = 2 }
insert-failed = 0
events_lost = 0
ever-blocked = "10.0.0.1, 2001:db8::/64"
[[expect.source]]
address = "10.0.0.1"
ports = [443, 0x16]
first-seen = "1500ms"
blocks = [{ frame = 4, until = "never" }]
[[expect.frame]]
frames = "1-3,7"
reason = "not_tcp"
)");
    const Expectations &expect = scenario.cases.at(0).expect;
    ASSERT_THAT(expect.totals, SizeIs(4));
    EXPECT_EQ(expect.totals[0].key, "skipped.too-short");
    EXPECT_EQ(expect.totals[1].key, "drop");
    EXPECT_EQ(expect.totals[1].line, 3U);
    EXPECT_EQ(scenario.source.slice(expect.totals[1].range), "997");
    EXPECT_EQ(expect.totals[2].key, "insert-failed");
    EXPECT_EQ(expect.totals[3].key, "events_lost");
    EXPECT_THAT(expect.ever_blocked->words, ElementsAre("10.0.0.1", "2001:db8::/64"));
    ASSERT_THAT(expect.sources, SizeIs(1));
    EXPECT_THAT(expect.sources[0].fields[0].words, ElementsAre("443", "22"));
    EXPECT_THAT(expect.sources[0].fields[1].words, ElementsAre("1.500000000"));
    EXPECT_THAT(expect.sources[0].blocks->at(0).fields[1].words, ElementsAre("never"));
    ASSERT_THAT(expect.frames, SizeIs(2)); // the row's, and the one below
    EXPECT_THAT(expect.frames[1].frames, ElementsAre(FrameRange{1, 3}, FrameRange{7, 7}));
}

TEST(ScenarioParse, LaysCasesOverTheDetector) {
    const Scenario scenario = parse(packet + R"([detector]
max-ports = 2
ignore-ports = [80, "8000-8100"]
[[case]]
title = "own"
max-ports = 1
[case.expect]
drop = 3
[[case]]
[case.detector]
dry-run = true
)");
    ASSERT_THAT(scenario.cases, SizeIs(3));
    EXPECT_THAT(scenario.cases[0].options.values,
                ElementsAre(Pair("max-ports", "2"), Pair("ignore-ports", "80,8000-8100")));
    EXPECT_THAT(scenario.cases[1].options.values,
                ElementsAre(Pair("max-ports", "2"), Pair("ignore-ports", "80,8000-8100"),
                            Pair("max-ports", "1")));
    EXPECT_EQ(scenario.cases[1].title, "own");
    EXPECT_TRUE(scenario.cases[1].own_expectations);
    EXPECT_THAT(scenario.cases[1].expect.frames, IsEmpty());
    EXPECT_EQ(scenario.cases[2].title, "case 2");
    EXPECT_FALSE(scenario.cases[2].own_expectations);
    EXPECT_THAT(scenario.cases[2].expect.frames, SizeIs(1));
}

TEST(ScenarioParse, LeavesTheFileItselfOutWhereOnlyCasesExpect) {
    const Scenario scenario = parse("limitation = \"l\"\n"
                                    "packets = \"0s 10.0.0.1 > 10.0.0.9:22 S\"\n"
                                    "[[case]]\n[case.expect]\ndrop = 0\n"
                                    "[[case]]\n[case.expect]\ndrop = 0\n");
    ASSERT_THAT(scenario.cases, SizeIs(2));
    EXPECT_EQ(scenario.cases[0].title, "case 1");
    EXPECT_EQ(scenario.cases[0].limitation, "l");
    EXPECT_EQ(scenario.cases[1].limitation, "");
}

TEST(ScenarioParse, ReadsTraffic) {
    const Scenario scenario =
        parse("[[traffic]]\nkind = \"syn\"\nrate = 0.5\nports = [1, 2]\n"
              "[[traffic]]\nkind = \"random-flood\"\ncount = 3\n[expect]\ndrop = 0\n");
    const auto &specs = std::get<std::vector<TrafficSpec>>(scenario.input);
    ASSERT_THAT(specs, SizeIs(2));
    EXPECT_EQ(specs[0].kind, "syn");
    EXPECT_EQ(specs[0].rate, 0.5);
    EXPECT_EQ(specs[1].count, 3U);
}

TEST(ScenarioParse, LooksForTheCaptureBesideTheFile) {
    const test::TemporaryDirectory folder;
    folder.write("x.pcap", {});
    const Scenario scenario =
        parse_scenario({folder / "a.scenario.toml",
                        "capture = \"x.pcap\"\nfilter = \"tcp\"\n[expect]\ndrop = 0\n"});
    const auto &input = std::get<CaptureInput>(scenario.input);
    EXPECT_EQ(input.path, folder / "x.pcap");
    EXPECT_EQ(input.filter, "tcp");
}

TEST(ScenarioParse, ReadsActionsBesideTheCapture) {
    const test::TemporaryDirectory folder;
    folder.write("x.pcap", {});
    const SourceText source{folder / "a.scenario.toml", "capture = \"x.pcap\"\nactions = '''\n"
                                                        "!1s unblock 10.0.0.1 # why\n"
                                                        "!2s expire'''\n[expect]\ndrop = 0\n"};
    const Scenario scenario = parse_scenario(source);
    const auto &actions = std::get<CaptureInput>(scenario.input).actions;
    ASSERT_THAT(actions, SizeIs(2));
    EXPECT_EQ(actions[0].to_string(), "!1s unblock 10.0.0.1");
    EXPECT_EQ(actions[1].line, 4U);
}

TEST(ScenarioParse, WantsNoExpectationsWhereOnlyFramesCount) {
    const std::string text = "packets = \"0s 10.0.0.1 > 10.0.0.9:22 S\"\n";
    EXPECT_THAT(parse(text, ScenarioUse::frames).cases, SizeIs(1));
    EXPECT_THAT(problems(text), ElementsAre(HasSubstr("s.scenario.toml:1: checks nothing: add")));
}

struct BadScenario {
    const char *name;
    std::string text;
    const char *problem; ///< the only one
};

std::ostream &operator<<(std::ostream &out, const BadScenario &bad) {
    return out << bad.name;
}

class ScenarioProblems : public testing::TestWithParam<BadScenario> {};

TEST_P(ScenarioProblems, AreNamedWithTheirLine) {
    EXPECT_THAT(problems(GetParam().text),
                ElementsAre(HasSubstr(std::string{"s.scenario.toml:"} + GetParam().problem)));
}

INSTANTIATE_TEST_SUITE_P(
    All, ScenarioProblems,
    testing::Values(
        BadScenario{"NotToml", "title = \"x\n" + packet, "1: not TOML: "},
        BadScenario{"KeyTwice", packet + "title = \"x\"\ntitle = \"y\"\n", "3: not TOML: "},
        BadScenario{"MisspeltKey", packet + "titel = \"x\"\n",
                    "2: 'titel' is not a known key; did you mean 'title'?"},
        BadScenario{"StrangeKey", packet + "colour = 1\n", "2: 'colour' is not a known key; known"},
        BadScenario{"MisspeltExpectation", packet + "[expect]\ndrpo = 1\n",
                    "3: [expect] 'drpo' is not a known key; did you mean 'drop'?"},
        BadScenario{"UnderscoreInKey", packet + "[expect]\nnot_selected = 1\n",
                    "3: [expect] 'not_selected' is not a known key; did you mean 'not-selected'?"},
        BadScenario{"MisspeltOption", packet + "[detector]\nmaxports = 1\n",
                    "3: [detector] 'maxports' is not a known key; did you mean 'max-ports'?"},
        BadScenario{"MisspeltSourceField",
                    packet + "[[expect.source]]\naddress = \"10.0.0.1\"\nport = [1]\n",
                    "4: [[expect.source]] 'port' is not a known key; did you mean 'ports'?"},
        BadScenario{"MisspeltFrameField",
                    packet +
                        "[[expect.frame]]\nframes = 1\nverdikt = \"pass\"\nreason = \"known\"\n",
                    "4: [[expect.frame]] 'verdikt' is not a known key; did you mean 'verdict'?"},
        BadScenario{"MisspeltSkip", packet + "[expect]\nskipped = { too-shrt = 1 }\n",
                    "3: [expect] skipped 'too-shrt' is not a known key; did you mean 'too-short'?"},
        BadScenario{"MisspeltCaseKey", packet + "[[case]]\nwindwo = \"1s\"\n",
                    "3: [[case]] 'windwo' is not a known key; did you mean 'window'?"},
        BadScenario{"MisspeltTrafficKey",
                    "[[traffic]]\nkind = \"syn\"\nsead = 1\n[expect]\ndrop = 0\n",
                    "3: [[traffic]] 'sead' is not a known key; did you mean 'seed'?"},
        BadScenario{"UnknownTrafficKind", "[[traffic]]\nkind = \"sin\"\n[expect]\ndrop = 0\n",
                    "2: [[traffic]] "},
        BadScenario{"NoFrames", "[expect]\ndrop = 1\n",
                    "1: has no frames: give a capture, [[traffic]] or packets"},
        BadScenario{"TwoInputs", packet + "[[traffic]]\nkind = \"syn\"\n", "1: has several of"},
        BadScenario{"FilterWithoutCapture", packet + "filter = \"tcp\"\n",
                    "2: filter is for a capture: remove it"},
        BadScenario{"ActionsWithoutCapture", packet + "actions = \"!1s expire\"\n",
                    "2: actions is for a capture: write them among the packets"},
        BadScenario{"PacketAmongActions",
                    "capture = \"/proc/version\"\nactions = '''\n!1s expire\n"
                    "2s 10.0.0.1 > 10.0.0.9:22 S'''\n[expect]\ndrop = 0\n",
                    "4: actions has a packet: the packets are those of the capture"},
        BadScenario{"BrokenAction",
                    "capture = \"/proc/version\"\nactions = \"!1s forget\"\n[expect]\ndrop = 0\n",
                    "2: 'forget' is no action"},
        BadScenario{
            "MissingCapture", "title = \"t\"\ncapture = \"gone.pcap\"\n[expect]\ndrop = 0\n",
            "2: capture 'gone.pcap' is not there: gone.pcap is no file (paths are relative"},
        BadScenario{"CaptureOfWrongType", "capture = 3\n[expect]\ndrop = 0\n",
                    "1: capture is an integer: give it as a string in quotes"},
        BadScenario{"ChecksNothing", "packets = \"0s 10.0.0.1 > 10.0.0.9:22 S\"\n[expect]\n",
                    "1: checks nothing: add"},
        BadScenario{"CaseChecksNothing",
                    "packets = \"0s 10.0.0.1 > 10.0.0.9:22 S\"\n[[case]]\ntitle = \"c\"\n",
                    "2: [[case]] 'c' checks nothing: add a [case.expect]"},
        BadScenario{"OptionOutOfRange", packet + "[detector]\nmax-ports = 17\n",
                    "3: [detector] max-ports: '17' is not"},
        BadScenario{"OptionWithoutUnit", packet + "[detector]\n\nwindow = 60\n",
                    "4: [detector] window: '60' is not a duration"},
        BadScenario{"OptionOfWrongType", packet + "[detector]\nwindow = { a = 1 }\n",
                    "3: window is a table: give it in quotes"},
        BadScenario{"CaseOptionOutOfRange", packet + "[[case]]\nipv6-prefix = 129\n",
                    "3: [[case]] ipv6-prefix: '129' is not"},
        BadScenario{"CountOfWrongType", packet + "[expect]\ndrop = \"many\"\n",
                    "3: [expect] drop = \"many\" is not a number from 0 up"},
        BadScenario{"NegativeCount", packet + "[expect]\ndrop = -1\n",
                    "3: [expect] drop = -1 is not a number from 0 up"},
        BadScenario{"BlockedSourceMalformed", packet + "[expect]\never-blocked = [\"10.0.0\"]\n",
                    "3: [expect] ever-blocked: '10.0.0' is not an address or a prefix"},
        BadScenario{"ListOfWrongType", packet + "[expect]\never-blocked = true\n",
                    "3: ever-blocked is neither a list nor a comma string"},
        BadScenario{"SourceWithoutAddress", packet + "[[expect.source]]\nblocked = true\n",
                    "2: [[expect.source]] has no address"},
        BadScenario{"SourceAddressMalformed", packet + "[[expect.source]]\naddress = \"x\"\n",
                    "3: [[expect.source]] address = \"x\" is not an address"},
        BadScenario{"PortOutOfRange",
                    packet + "[[expect.source]]\naddress = \"10.0.0.1\"\nports = [65536]\n",
                    "4: [[expect.source]] ports: '65536' is not a port from 0 to 65535"},
        BadScenario{"UnknownState",
                    packet + "[[expect.source]]\naddress = \"10.0.0.1\"\nstate = \"gone\"\n",
                    "4: [[expect.source]] state = \"gone\" is not a state: active"},
        BadScenario{"TimeWithoutQuotes",
                    packet + "[[expect.source]]\naddress = \"10.0.0.1\"\nfirst-seen = 1.5\n",
                    "4: [[expect.source]] first-seen = 1.5 is not a time in quotes"},
        BadScenario{
            "SourceAsOneTable", packet + "[expect.source]\naddress = \"10.0.0.1\"\n",
            "2: [expect] source is a table: write each entry as a table, [[expect.source]]"},
        BadScenario{"FrameWithoutFrames", packet + "[[expect.frame]]\nverdict = \"pass\"\n",
                    "2: [[expect.frame]] has no frames"},
        BadScenario{"FrameFromZero",
                    packet + "[[expect.frame]]\nframes = \"0-3\"\nverdict = \"pass\"\n",
                    "3: [[expect.frame]] frames are numbers and ranges counted from 1"},
        BadScenario{"FrameRangeBackwards",
                    packet + "[[expect.frame]]\nframes = \"7-3\"\nverdict = \"pass\"\n",
                    "3: [[expect.frame]] frames are numbers and ranges"},
        BadScenario{"FrameChecksNothing", packet + "[[expect.frame]]\nframes = 1\n",
                    "2: [[expect.frame]] checks nothing: give a verdict or a reason"},
        BadScenario{"UnknownVerdict",
                    packet + "[[expect.frame]]\nframes = 1\nverdict = \"allow\"\n",
                    "4: [[expect.frame]] verdict = \"allow\" is not a verdict: pass, drop"},
        BadScenario{"UnknownReason", packet + "[[expect.frame]]\nframes = 1\nreason = \"luck\"\n",
                    "4: [[expect.frame]] reason = \"luck\" is not a reason: malformed"},
        BadScenario{"DetectorAsValue", packet + "detector = 1\n",
                    "2: detector is an integer: write it as one table, [detector]"},
        BadScenario{"RowMalformed",
                    "packets = \"\"\"\n0s 10.0.0.1 > 10.0.0.9:22 S pass\n1s x\n\"\"\"", "3: "},
        BadScenario{"NoRows", "packets = \"\"\"\n!1s expire\n\"\"\"\n[expect]\ndrop = 0\n",
                    "1: packets has no packet"},
        BadScenario{"EscapesInRows", "packets = \"0s 10.0.0.1 > 10.0.0.9:22 S pass\\n\"\n",
                    "1: packets has a backslash"}),
    [](const auto &one) { return std::string{one.param.name}; });

TEST(ScenarioProblems, AreAllToldAtOnceInTheOrderOfTheFile) {
    EXPECT_THAT(problems("titel = \"x\"\n" + packet + "[expect]\nfoo = 1\ndrop = true\n"),
                ElementsAre(HasSubstr(":1: 'titel'"), HasSubstr(":4: [expect] 'foo'"),
                            HasSubstr(":5: [expect] drop = true")));
}

TEST(ScenarioProblems, NameAFileThatCannotBeRead) {
    try {
        load_scenario("/nowhere/a.scenario.toml");
        FAIL() << "read it";
    } catch (const ScenarioError &error) {
        EXPECT_THAT(error.lines(),
                    ElementsAre(HasSubstr("cannot read /nowhere/a.scenario.toml: No such file")));
    }
}

TEST(FindScenarios, ListsFoldersSortedAndFilesAsNamed) {
    const test::TemporaryDirectory folder;
    std::filesystem::create_directory(folder / "sub");
    for (const char *name : {"b.scenario.toml", "a.scenario.toml", "sub/c.scenario.toml", "d.toml"})
        folder.write(name, {});
    EXPECT_THAT(find_scenarios({folder / "d.toml", folder / ""}),
                ElementsAre(folder / "d.toml", folder / "a.scenario.toml",
                            folder / "b.scenario.toml", folder / "sub/c.scenario.toml"));
}

TEST(FindScenarios, RefusesWhatIsNotThereAndFoldersWithoutAny) {
    const test::TemporaryDirectory folder;
    EXPECT_THROW(find_scenarios({folder / "gone"}), OptionError);
    EXPECT_THROW(find_scenarios({folder / ""}), OptionError);
}

} // namespace
} // namespace portscan
