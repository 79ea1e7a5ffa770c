// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/capture.h"
#include "sim/dissect.h"
#include "tests/program.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>

namespace portscan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ProgramResult synth(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "synth");
    return run_program(PORTSCAN_SIM_PROGRAM, arguments);
}

/// `TIME SUMMARY` of each frame, times in milliseconds.
std::vector<std::string> frames_in(const std::string &path) {
    std::vector<std::string> lines;
    CaptureReader reader = CaptureReader::open(path);
    while (const auto frame = reader.next())
        lines.push_back(std::to_string(frame->time_ns / 1'000'000) + " " +
                        summarize(frame->bytes, frame->wire_length));
    EXPECT_EQ(reader.damage(), "");
    return lines;
}

TEST(CommandSynth, WritesTheKindAsACapture) {
    const TemporaryDirectory directory;
    const std::string path = directory.file("syn.pcap");
    const auto result = synth({"--kind", "syn", "--source", "192.0.2.1", "--target", "192.0.2.9",
                               "--ports", "22,80", "--rate", "10", "--start", "1s", "-w", path});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr("2 packets up to 1.100000 s"));
    EXPECT_THAT(frames_in(path),
                ElementsAre(testing::MatchesRegex("1000 192.0.2.1:[0-9]+ > 192.0.2.9:22 S"),
                            testing::MatchesRegex("1100 192.0.2.1:[0-9]+ > 192.0.2.9:80 S")));
}

/// No other file can take the place of a mount point, as a file that is mounted into a container.
TEST(CommandSynth, WritesIntoAFileThatIsMounted) {
    const TemporaryDirectory directory;
    const std::string path = directory.file("nat.pcap");
    std::ofstream{path} << "old";
    const auto result = run_program(
        "/usr/bin/unshare",
        {"--mount", "sh", "-c", R"(mount --bind "$1" "$1" && exec "$2" synth --kind nat -w "$1")",
         "sh", path, PORTSCAN_SIM_PROGRAM});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(read_file(path), synth({"--kind", "nat", "-w", "-"}).out);
    const std::filesystem::directory_iterator files{std::filesystem::path{path}.parent_path()};
    EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST(CommandSynth, WritesTheSameBytesToStandardOutput) {
    const TemporaryDirectory directory;
    const std::string path = directory.file("nat.pcap");
    EXPECT_EQ(synth({"--kind", "nat", "--count", "5", "-w", path}).status, 0);
    EXPECT_EQ(synth({"--kind", "nat", "--count", "5", "-w", "-"}).out, read_file(path));
}

TEST(CommandSynth, WritesPacketsOfAScenario) {
    const TemporaryDirectory directory;
    const std::string scenario = directory.write("a.scenario.toml", R"(
packets = """
  0s  10.0.0.1:1 > 10.0.0.9:22  S  pass
  !1s unblock 10.0.0.1
  2s  [fe80::1]:2 > [fe80::2]:23  FPU
"""
)");
    const std::string path = directory.file("a.pcap");
    const auto result = synth({scenario, "-w", path});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(frames_in(path),
                ElementsAre("0 10.0.0.1:1 > 10.0.0.9:22 S", "2000 [fe80::1]:2 > [fe80::2]:23 FPU"));
}

TEST(CommandSynth, WritesTrafficOfAScenarioInTimeOrder) {
    const TemporaryDirectory directory;
    const std::string scenario = directory.write("a.scenario.toml", R"(
[[traffic]]
kind = "syn"
source = "10.0.0.1"
ports = [1, 2]
rate = 1
[[traffic]]
kind = "fin"
source = ["10.0.0.2"]
ports = "3-4"
rate = 2.0
)");
    const std::string path = directory.file("a.pcap");
    const auto result = synth({scenario, "-w", path});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(frames_in(path), ElementsAre(testing::MatchesRegex("0 10.0.0.1:.*:1 S"),
                                             testing::MatchesRegex("0 10.0.0.2:.*:3 F"),
                                             testing::MatchesRegex("500 10.0.0.2:.*:4 F"),
                                             testing::MatchesRegex("1000 10.0.0.1:.*:2 S")));
}

TEST(CommandSynth, BadUsageExitsWithTwoAndOneLine) {
    const TemporaryDirectory directory;
    const std::string path = directory.file("a.pcap");
    const std::pair<std::vector<std::string>, const char *> cases[] = {
        {{"--kind", "syn"}, "--write is required"},
        {{"-w", path}, "synth needs a scenario or --kind KIND"},
        {{"--kind", "sin", "-w", path}, "kind: 'sin' is not one of syn, "},
        {{"--kind", "syn", "--rate", "0", "-w", path}, "rate: '0' is not a number"},
        {{"--kind", "syn", "--source", "10.0.0.1", "--target", "::1", "-w", path},
         "another family"},
        {{"a.scenario.toml", "--kind", "syn", "-w", path}, "a scenario or --kind"},
        {{directory.file("none.scenario.toml"), "-w", path}, "none.scenario.toml"},
        {{"--kind", "syn", "-w", directory.file("none/a.pcap")}, "none/a.pcap"},
    };
    for (const auto &[arguments, message] : cases) {
        const auto result = synth(arguments);
        EXPECT_EQ(result.status, 2) << result.err;
        EXPECT_THAT(result.err, HasSubstr(message));
        EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(CommandSynth, FullDiskIsNoBadUsage) {
    EXPECT_EQ(synth({"--kind", "syn", "-w", "/dev/full"}).status, 3);
}

TEST(CommandSynth, ScenarioIsNeverOverwritten) {
    const TemporaryDirectory directory;
    const std::string text = "packets = '''\n0s 10.0.0.1 > 10.0.0.9:22 S\n'''\n";
    const std::string scenario = directory.write("a.scenario.toml", text);
    const auto result = synth({scenario, "-w", scenario});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, HasSubstr("is a scenario: name another file"));
    EXPECT_EQ(read_file(scenario), text);
}

TEST(CommandSynth, ScenarioOfACaptureHasNothingToSynthesize) {
    const TemporaryDirectory directory;
    directory.write("a.pcap", "");
    const auto result = synth({directory.write("a.scenario.toml", "capture = 'a.pcap'\n"), "-w",
                               directory.file("b.pcap")});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, HasSubstr("runs a capture: there is nothing to synthesize"));
}

} // namespace
} // namespace portscan
