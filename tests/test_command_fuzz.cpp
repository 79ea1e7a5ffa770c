// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/command_checks.h"
#include "tests/command_runner.h"
#include "tests/temporary_directory.h"

#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace portscan {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Json = nlohmann::json;

TEST(FuzzCommand, ExitsZeroWhereDetectorAndModelAgree) {
    const CommandResult result = run_command({"fuzz", "--seed", "4", "--packets", "5000"});
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    EXPECT_THAT(result.out, AllOf(StartsWith("5000 packets and "),
                                  HasSubstr("seed 4: detector and model agree\n")));
    EXPECT_THAT(result.err, IsEmpty());
}

TEST(FuzzCommand, PrintsTheSameJsonForTheSameSeed) {
    const std::vector<std::string> command{"fuzz", "--seed", "5", "--packets", "3000", "--json"};
    const CommandResult result = run_command(command);
    EXPECT_EQ(result.status, 0) << result.err;
    const Json json = Json::parse(result.out);
    EXPECT_EQ(json["schema"], "xdp-portscan-sim/fuzz/1");
    EXPECT_EQ(json["seed"], 5);
    EXPECT_EQ(json["packets"], 3000);
    EXPECT_GE(json["rounds"], 2);
    EXPECT_EQ(json["differences"], 0);
    EXPECT_EQ(run_command(command).out, result.out);
}

TEST(FuzzCommand, InterruptedItSaysWhatWasCompared) {
    const CommandResult result =
        run_command({"fuzz", "--packets", "100000000"}, Rights::kept, interrupt);
    EXPECT_EQ(result.status, -1); // the signal's
    EXPECT_THAT(result.err, HasSubstr(" of 100000000 packets compared\n"));
    EXPECT_THAT(result.out, HasSubstr("detector and model agree\n"));
}

TEST(FuzzCommand, LeavesAScenarioThatAWrongDetectorFailsAndTheRightOnePasses) {
    const test::TemporaryDirectory directory;
    const CommandResult result =
        run_command({"fuzz", "--object", WRONG_OBJECT, "--write-to", directory / "", "--json"});
    ASSERT_EQ(result.status, 1) << result.out << result.err;
    const Json json = Json::parse(result.out);
    EXPECT_EQ(json["differences"], 1);
    EXPECT_EQ(json["scenario_fails"], true);
    EXPECT_THAT(json["summary"], HasSubstr("expected drop threshold, got pass recorded"));
    EXPECT_THAT(json["command"], HasSubstr("xdp-portscan-sim fuzz --object "));
    EXPECT_THAT(read_file(json["capture"]), StartsWith("\x4d\x3c\xb2\xa1"));

    const std::string scenario = json["scenario"];
    EXPECT_EQ(run_command({"test", "--object", WRONG_OBJECT, scenario}).status, 1);
    const CommandResult right = run_command({"test", scenario});
    EXPECT_EQ(right.status, 0) << right.out;
}

/// A difference is told even where its files find no room.
TEST(FuzzCommand, TellsADifferenceOnAFullDisk) {
    const test::TemporaryDirectory directory;
    const std::string script =
        "mount -t tmpfs -o nr_inodes=2 none " + directory / "full" + " && touch " +
        directory / "full/file" +
        " && exec " SIM_COMMAND " fuzz --object " WRONG_OBJECT " --json=" + directory / "r.json" +
        " --write-to " + directory / "full" + " >" + directory / "out" + " 2>" + directory / "err";
    std::filesystem::create_directory(directory / "full");
    const int status = std::system(("unshare --mount sh -c '" + script + "'").c_str());
    EXPECT_EQ(WEXITSTATUS(status), 3);
    EXPECT_THAT(read_file(directory / "err"), HasSubstr("No space left on device"));
    EXPECT_THAT(
        read_file(directory / "out"),
        AllOf(HasSubstr("expected drop threshold, got pass recorded\n"), HasSubstr("again:    ")));
    EXPECT_TRUE(Json::parse(read_file(directory / "r.json"))["capture"].is_null());
}

TEST(FuzzCommand, ExitsTwoForUsage) {
    const std::vector<std::vector<std::string>> wrong{{"--max-ports", "17"},
                                                      {"--packets", "0"},
                                                      {"--seed", "x"},
                                                      {"--max-sources", "10"},
                                                      {"--write-to", "/nowhere"},
                                                      {"--json=/nowhere/x.json"},
                                                      {"--object", "/nowhere/x.o"},
                                                      {"--object", ""},
                                                      {"--write-to", ""},
                                                      {"extra"}};
    for (std::vector<std::string> arguments : wrong) {
        arguments.insert(arguments.begin(), "fuzz");
        const CommandResult result = run_command(arguments);
        EXPECT_EQ(result.status, 2) << arguments[1];
        EXPECT_THAT(result.err, StartsWith("xdp-portscan-sim: ")) << arguments[1];
        EXPECT_THAT(result.out, IsEmpty());
    }
}

TEST(FuzzCommand, ExitsThreeWithoutTheRightToRunBpf) {
    const CommandResult result = run_command({"fuzz", "--packets", "10"}, Rights::none);
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.err, HasSubstr("CAP_BPF"));
}

} // namespace
} // namespace portscan
