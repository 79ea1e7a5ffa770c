// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bless.h"
#include "sim/capture.h"
#include "sim/packet.h"
#include "sim/scenario_play.h"
#include "sim/scenario_run.h"
#include "temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string scan = R"(packets = """
  0s  10.0.0.1 > 10.0.0.9:22  S  pass  recorded
  1s  10.0.0.1 > 10.0.0.9:23  S  pass
  2s  10.0.0.2 > 10.0.0.9:22  S  pass
  3s  10.0.0.1 > 10.0.0.9:25  S  pass
  4s  10.0.0.1 > 10.0.0.9:80  S  drop  threshold
  5s  10.0.0.1 > 10.0.0.9:81  S  drop  blocked
"""
)";

std::vector<CaseResult> run(const std::string &text, const RunSettings &settings = {}) {
    return run_scenario(parse_scenario({"s.scenario.toml", text}), settings);
}

/// The mismatches of the only case.
std::vector<Mismatch> mismatches(const std::string &text) {
    const auto results = run(text);
    EXPECT_THAT(results, SizeIs(1));
    EXPECT_THAT(results.at(0).errors, IsEmpty());
    return results.at(0).mismatches;
}

TEST(ScenarioRun, PassesWhereEverythingComesOut) {
    const auto results = run(scan + R"([expect]
packets = 6
pass = 4
drop = 2
skipped = 0
not-selected = 0
blocks = 1
probes = 6
ever-blocked = ["10.0.0.1"]
[[expect.source]]
address = "10.0.0.1"
state = "active"
blocked = true
ports = [22, 23, 25]
probes = 5
packets = 5
dropped = 2
first-seen = "0s"
blocked-at-frame = 5
blocks = [{ at = "4s", frame = 5, trigger-port = 80, until = "never" }]
[[expect.frame]]
frames = "5-6"
verdict = "drop"
)");
    ASSERT_THAT(results, SizeIs(1));
    EXPECT_TRUE(results[0].passed()) << testing::PrintToString(results[0].errors);
    for (const Mismatch &mismatch : results[0].mismatches) ADD_FAILURE() << describe(mismatch);
}

TEST(ScenarioRun, NamesRowAndFrameOfAVerdictThatDiffers) {
    std::string text = scan;
    text.replace(text.find("pass\n  4s"), 4, "drop");
    const auto found = mismatches(text);
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].line, 5U);
    EXPECT_EQ(found[0].expected, "drop");
    EXPECT_EQ(found[0].got, "pass (recorded)");
    ASSERT_TRUE(found[0].frame);
    EXPECT_EQ(found[0].frame->number, 4U);
    EXPECT_THAT(found[0].frame->summary, HasSubstr("> 10.0.0.9:25 S"));
}

struct WrongExpectation {
    const char *name;
    std::string text;
    const char *got;
    unsigned frame;
    bool fell_short = false;
};

std::ostream &operator<<(std::ostream &out, const WrongExpectation &one) {
    return out << one.name;
}

class FirstDifferingFrame : public testing::TestWithParam<WrongExpectation> {};

TEST_P(FirstDifferingFrame, IsNamed) {
    const auto found = mismatches(scan + GetParam().text);
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].got, GetParam().got);
    ASSERT_TRUE(found[0].frame);
    EXPECT_EQ(found[0].frame->number, GetParam().frame);
    EXPECT_EQ(found[0].fell_short, GetParam().fell_short);
}

const std::string of_scanner = "[[expect.source]]\naddress = \"10.0.0.1\"\n";

INSTANTIATE_TEST_SUITE_P(
    All, FirstDifferingFrame,
    testing::Values(
        WrongExpectation{"TooManyDrops", "[expect]\ndrop = 1\n", "2", 6},
        WrongExpectation{"TooFewDrops", "[expect]\ndrop = 3\n", "2", 6, true},
        WrongExpectation{"NoneOfThem", "[expect]\naborted = 1\n", "0", 6, true},
        WrongExpectation{"TooManyPackets", "[expect]\npackets = 3\n", "6", 4},
        WrongExpectation{"ReasonCounter", "[expect]\nrecorded = 2\n", "4", 3},
        WrongExpectation{"OtherCounter", "[expect]\nblocks = 0\n", "1", 5},
        WrongExpectation{"UnexpectedBlock", "[expect]\never-blocked = []\n", "[10.0.0.1]", 5},
        WrongExpectation{"MissingBlock", "[expect]\never-blocked = \"10.0.0.1,10.0.0.2\"\n",
                         "[10.0.0.1]", 3, true},
        WrongExpectation{"Ports", of_scanner + "ports = [22, 24, 25]\n", "[22, 23, 25]", 2},
        WrongExpectation{"BlockedLater", of_scanner + "blocked-at-frame = 6\n", "5", 5},
        WrongExpectation{"BlockedEarlier", of_scanner + "blocked-at-frame = 3\n", "5", 4},
        WrongExpectation{"Dropped", of_scanner + "dropped = 1\n", "2", 6},
        WrongExpectation{"FirstSeen", of_scanner + "first-seen = \"1s\"\n", "0.000000000", 1},
        WrongExpectation{"NotBlocked", of_scanner + "blocked = false\n", "true", 5},
        WrongExpectation{"BlockTime", of_scanner + "blocks = [{ at = \"5s\" }]\n", "4.000000000",
                         5},
        WrongExpectation{"NumberOfBlocks", of_scanner + "blocks = []\n", "1", 5},
        WrongExpectation{"NoSuchSource", "[[expect.source]]\naddress = \"10.0.0.3\"\n", "none", 6,
                         true},
        WrongExpectation{"FrameRange", "[[expect.frame]]\nframes = \"3-6\"\nverdict = \"pass\"\n",
                         "drop (threshold), and 1 more frames differ", 5},
        WrongExpectation{"FrameBeyondTheEnd",
                         "[[expect.frame]]\nframes = \"1,7\"\nverdict = \"pass\"\n", "6 frames",
                         6}),
    [](const auto &one) { return std::string{one.param.name}; });

TEST(ScenarioRun, LaysCaseOverDetectorOverCommandLine) {
    RunSettings settings;
    settings.options.values = {{"max-ports", "16"}, {"dry-run", "true"}};
    const auto results = run(R"(packets = """
  0s  10.0.0.1 > 10.0.0.9:22  S
  1s  10.0.0.1 > 10.0.0.9:23  S
  2s  10.0.0.1 > 10.0.0.9:25  S
"""
[detector]
max-ports = 2
[expect]
drop = 0
would-drop = 1
[[case]]
max-ports = 1
dry-run = false
[case.expect]
drop = 2
)",
                             settings);
    ASSERT_THAT(results, SizeIs(2));
    for (const CaseResult &result : results) {
        for (const Mismatch &mismatch : result.mismatches) ADD_FAILURE() << describe(mismatch);
    }
    EXPECT_EQ(results[0].command, "xdp-portscan-sim test --max-ports 16 --dry-run s.scenario.toml");
}

TEST(ScenarioRun, RefusesOptionsThatContradictEachOther) {
    RunSettings settings;
    settings.options.values = {{"max-blocked", "1000"}};
    const auto results = run(scan + "[detector]\nmax-sources = 100\n", settings);
    ASSERT_THAT(results, SizeIs(1));
    EXPECT_THAT(results[0].errors, ElementsAre(HasSubstr("s.scenario.toml:1: max-blocked")));
}

TEST(ScenarioRun, RunsActionsInTheirOrder) {
    EXPECT_THAT(mismatches(R"(packets = """
  0s   10.0.0.1 > 10.0.0.9:22  S  pass  recorded
  1s   10.0.0.1 > 10.0.0.9:23  S  drop  threshold
  !2s  unblock 10.0.0.1
  2s   10.0.0.1 > 10.0.0.9:23  S  pass  recorded
  !3s  block 10.0.0.1
  3s   10.0.0.1 > 10.0.0.9:23  S  drop  blocked
  !4s  allow 10.0.0.0/24
  4s   10.0.0.1 > 10.0.0.9:24  S  pass  allowlisted
  !5s  disallow 10.0.0.0/24
  5s   10.0.0.1 > 10.0.0.9:24  S  pass  recorded
  !200s expire
"""
[detector]
max-ports = 1
[expect]
registry-size = 0
)"),
                IsEmpty());
}

TEST(ScenarioRun, RunsTraffic) {
    EXPECT_THAT(mismatches("[[traffic]]\nkind = \"syn\"\nsource = \"10.1.0.1\"\nports = \"1-10\"\n"
                           "[expect]\ndrop = 7\never-blocked = [\"10.1.0.1\"]\n"),
                IsEmpty());
}

/// A scan of eight ports as a capture.
void write_capture(const std::string &path) {
    CaptureWriter writer = CaptureWriter::create(path);
    for (std::uint16_t port = 1; port <= 8; ++port) {
        writer.write(port * 1'000'000'000ULL, tcp("10.0.0.1", "10.0.0.9", port, "S").bytes());
    }
    writer.close();
}

std::vector<CaseResult> run_capture(const test::TemporaryDirectory &folder,
                                    const std::string &text) {
    return run_scenario(
        parse_scenario({folder / "s.scenario.toml", "capture = \"x.pcap\"\n" + text}), {});
}

TEST(ScenarioRun, RunsCapturesThroughTheirFilter) {
    const test::TemporaryDirectory folder;
    write_capture(folder / "x.pcap");
    const auto results = run_capture(folder, "filter = \"tcp dst port 2 or tcp dst port 7\"\n"
                                             "[expect]\npackets = 8\nnot-selected = 6\ndrop = 0\n");
    EXPECT_TRUE(results.at(0).passed());
    EXPECT_THAT(run_capture(folder, "[expect]\ndrop = 4\n").at(0).mismatches,
                ElementsAre(Field(&Mismatch::got, "5")));
}

TEST(ScenarioRun, RunsActionsBetweenTheFramesOfACapture) {
    const test::TemporaryDirectory folder;
    write_capture(folder / "x.pcap");
    const auto results = run_capture(folder, R"(actions = '''
  !0s           block 10.0.0.1
  !2s           unblock 10.0.0.1     # before the frame of that time
  !5500ms       unblock 10.0.0.1
  !8s           allow 10.0.0.1
  !9s           block 10.0.0.2       # after all of them
'''
[[expect.frame]]
frames = "1"
reason = "blocked"
[[expect.frame]]
frames = "2-4"
reason = "recorded"
[[expect.frame]]
frames = "5"
reason = "threshold"
[[expect.frame]]
frames = "6-7"
reason = "recorded"
[[expect.frame]]
frames = "8"
reason = "allowlisted"
[[expect.source]]
address = "10.0.0.2"
blocked = true
)");
    EXPECT_TRUE(results.at(0).passed());
    for (const Mismatch &mismatch : results[0].mismatches) ADD_FAILURE() << describe(mismatch);
}

/// How many frames open_frames() gives for the scenario.
std::size_t count_frames(const SourceText &source) {
    const auto frames = open_frames(parse_scenario(source, ScenarioUse::frames).input);
    std::size_t count = 0;
    while (frames->next()) ++count;
    return count;
}

TEST(OpenFrames, GivesTheFramesOfEveryKindOfScenario) {
    const test::TemporaryDirectory folder;
    write_capture(folder / "x.pcap");
    EXPECT_EQ(count_frames({"s", scan}), 6U);
    EXPECT_EQ(count_frames({"s", "[[traffic]]\nkind = \"syn\"\nports = \"1-10\"\n"}), 10U);
    EXPECT_EQ(count_frames({folder / "s", "capture = \"x.pcap\"\nfilter = \"tcp dst port 2\"\n"}),
              1U);
}

TEST(ScenarioRun, ReportsADamagedCaptureBesideWhatWasRead) {
    const test::TemporaryDirectory folder;
    write_capture(folder / "x.pcap");
    std::filesystem::resize_file(folder / "x.pcap",
                                 std::filesystem::file_size(folder / "x.pcap") - 5);
    const auto results = run_capture(folder, "[expect]\ndrop = 5\n");
    EXPECT_THAT(results.at(0).errors, ElementsAre(HasSubstr("s.scenario.toml:1: ")));
    EXPECT_THAT(results.at(0).mismatches, ElementsAre(Field(&Mismatch::got, "4")));
}

TEST(ScenarioRun, ReportsWhatIsNoCapture) {
    const test::TemporaryDirectory folder;
    folder.write("x.pcap", Bytes(100, 7));
    const auto results = run_capture(folder, "[expect]\ndrop = 5\n");
    EXPECT_THAT(results.at(0).errors, ElementsAre(HasSubstr("s.scenario.toml:1: ")));
}

TEST(ScenarioRun, PassesAfterItsBlessing) {
    const Scenario wrong = parse_scenario({"s.scenario.toml", R"(packets = """
  0s  10.0.0.1 > 10.0.0.9:22  S  drop  blocked   # wrong
  1s  10.0.0.1 > 10.0.0.9:23  S
"""
[expect]
drop    = 7     # wrong
ever-blocked = ["10.0.0.5"]
[[expect.source]]
address = "10.0.0.1"
ports = "1"
state = "evicted"
[[expect.frame]]
frames = "1-2"
verdict = "drop"
)"});
    const Blessing blessing = bless(wrong, run_scenario(wrong, {}));
    EXPECT_THAT(blessing.refused, IsEmpty());
    const std::string blessed = apply_edits(wrong.source.text(), blessing.edits);
    EXPECT_THAT(blessed, HasSubstr("S  pass  recorded   # wrong\n"));
    EXPECT_THAT(blessed, HasSubstr("drop    = 0     # wrong\never-blocked = []\n"));
    EXPECT_THAT(mismatches(blessed), IsEmpty());
}

} // namespace
} // namespace portscan
