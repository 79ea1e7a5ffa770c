// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/command_checks.h"
#include "tests/command_runner.h"
#include "tests/temporary_directory.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const std::string passing = R"(title = "good"
packets = """
  0s  10.0.0.1 > 10.0.0.9:1  S  pass
  1s  10.0.0.1 > 10.0.0.9:2  S  drop
"""
[detector]
max-ports = 1
)";
const std::string failing = passing + "[expect]\ndrop = 2   # wrong\n";
const std::string broken = "titel = \"x\"\n" + passing.substr(passing.find('\n') + 1);

class TestCommandTest : public ::testing::Test {
  protected:
    void SetUp() override { unsetenv("CI"); }

    std::string scenario(const std::string &name, const std::string &text) const {
        return directory_.write(name + ".scenario.toml",
                                {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()});
    }

    const test::TemporaryDirectory &directory() const { return directory_; }

  private:
    test::TemporaryDirectory directory_;
};

TEST_F(TestCommandTest, ExitsZeroWhereAllPass) {
    scenario("a", passing);
    scenario("b", passing);
    const CommandResult result = run_command({"test", directory() / ""});
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    EXPECT_THAT(result.out, StartsWith("TAP version 14\n1..2\nok 1 - "));
    EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(TestCommandTest, ExitsOneAndNamesTheFrameWhereAnExpectationFails) {
    const std::string path = scenario("a", failing);
    const CommandResult result = run_command({"test", path});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.out, AllOf(HasSubstr("not ok 1 - "), HasSubstr(path + ":9\""),
                                  HasSubstr("expected: \"2\""), HasSubstr("got: \"1\""),
                                  HasSubstr("2 at 1.000000000 (10.0.0.1:"),
                                  HasSubstr("xdp-portscan-sim test " + path)));
}

TEST_F(TestCommandTest, ABrokenScenarioDoesNotStopTheOthers) {
    const std::string path = scenario("a", broken);
    scenario("b", failing);
    scenario("c", passing);
    const CommandResult result = run_command({"test", directory() / ""});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.out, AllOf(HasSubstr("1..3\nnot ok 1 - "),
                                  HasSubstr(path + ":1: 'titel' is not a known key"),
                                  HasSubstr("\nnot ok 2 - "), HasSubstr("\nok 3 - ")));
}

TEST_F(TestCommandTest, FailFastStopsAtTheFirstFailure) {
    scenario("a", passing);
    scenario("b", failing + "[[case]]\n[[case]]\n");
    scenario("c", broken);
    const CommandResult result = run_command({"test", "--fail-fast", directory() / ""});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.out,
                AllOf(HasSubstr("\nok 1 - "), HasSubstr("\nnot ok 2 - "), Not(HasSubstr("ok 3 - ")),
                      HasSubstr("# stopped at the first failure: 3 not run\n")));
    EXPECT_EQ(run_command({"test", "--fail-fast", scenario("a", passing)}).status, 0);
}

TEST_F(TestCommandTest, InterruptedItKeepsTheResultsThatThereAre) {
    for (unsigned i = 0; i < 2000; ++i) scenario(std::to_string(i), passing);
    const std::string junit = directory() / "results.xml";
    const CommandResult result =
        run_command({"test", "--junit", junit, directory() / ""}, Rights::kept, interrupt);
    EXPECT_EQ(result.status, -1); // the signal's
    EXPECT_THAT(result.out, HasSubstr("\nBail out! interrupted: "));
    EXPECT_THAT(result.err, HasSubstr(" of 2000 cases not run\n"));
    EXPECT_THAT(read_file(junit),
                AllOf(HasSubstr("errors=\"1\""), HasSubstr("name=\"interrupted\""),
                      HasSubstr("</testsuites>")));
}

TEST_F(TestCommandTest, ExitsTwoWhereThereIsNoScenario) {
    for (const std::string &path : {directory() / "", directory() / "gone"}) {
        const CommandResult result = run_command({"test", path});
        EXPECT_EQ(result.status, 2);
        EXPECT_THAT(result.err, AllOf(StartsWith("xdp-portscan-sim: "), HasSubstr(path)));
        EXPECT_THAT(result.out, IsEmpty());
    }
    EXPECT_EQ(run_command({"test"}).status, 2);
}

TEST_F(TestCommandTest, ExitsTwoForUsage) {
    const std::string path = scenario("a", passing);
    EXPECT_EQ(run_command({"test", "--max-ports", "17", path}).status, 2);
    EXPECT_EQ(run_command({"test", "--clock", "moon", path}).status, 2);
    EXPECT_EQ(run_command({"test", "--junit", "/nowhere/x.xml", path}).status, 2);
}

TEST_F(TestCommandTest, ExitsThreeWithoutTheRightToRunBpf) {
    scenario("a", passing);
    const CommandResult result = run_command({"test", directory() / ""}, Rights::none);
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.out, HasSubstr("Bail out! "));
    EXPECT_THAT(result.err, HasSubstr("CAP_BPF"));
}

TEST_F(TestCommandTest, TakesOptionsBelowThoseOfTheScenario) {
    const std::string path = scenario("a", passing);
    EXPECT_EQ(run_command({"test", "--max-ports", "5", path}).status, 0);
    const CommandResult result = run_command({"test", "--dry-run", path});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.out, HasSubstr("xdp-portscan-sim test --dry-run " + path));
}

TEST_F(TestCommandTest, RunsTheProgramAsLoadedOnTheWallClock) {
    EXPECT_EQ(run_command({"test", "--clock", "wall", scenario("a", passing)}).status, 0);
}

TEST_F(TestCommandTest, WritesJunit) {
    scenario("a", passing);
    scenario("b", failing);
    EXPECT_EQ(run_command({"test", "--junit", directory() / "r.xml", directory() / ""}).status, 1);
    EXPECT_THAT(read_file(directory() / "r.xml"),
                HasSubstr("tests=\"2\" failures=\"1\" errors=\"0\""));
}

TEST_F(TestCommandTest, AResultThatCannotBeWrittenIsStatusThree) {
    const std::string path = scenario("a", failing), junit = directory() / "r.xml";
    const CommandResult result =
        run_command({"test", "--junit", "/dev/full", "--json=" + directory() / "r.json", path});
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.err, HasSubstr("junit: '/dev/full' could not be written whole"));
    EXPECT_THAT(read_file(directory() / "r.json"), StartsWith("{\"schema\""));
    EXPECT_EQ(run_command_into("/dev/full", {"test", "--junit", junit, path}), 3);
    EXPECT_THAT(read_file(junit), HasSubstr("</testsuites>"));
}

TEST_F(TestCommandTest, WritesJsonInPlaceOfTapOrBesideIt) {
    const std::string path = scenario("a", failing);
    scenario("b", passing);
    const CommandResult alone = run_command({"test", "--json", directory() / ""});
    EXPECT_EQ(alone.status, 1);
    EXPECT_THAT(alone.out,
                AllOf(StartsWith("{\"schema\":\"xdp-portscan-sim/test/1\",\"file\":\"" + path +
                                 "\",\"title\":\"good\",\"passed\":false,"),
                      HasSubstr("\"mismatches\":[{\"line\":9,\"what\":\"drop\","
                                "\"expected\":\"2\",\"got\":\"1\",\"frame\":{\"number\":2,"
                                "\"at\":\"1.000000000\","),
                      HasSubstr("\"passed\":true"), Not(HasSubstr("TAP"))));
    const CommandResult beside =
        run_command({"test", "--json=" + (directory() / "r.json"), directory() / ""});
    EXPECT_THAT(beside.out, StartsWith("TAP version 14"));
    EXPECT_THAT(read_file(directory() / "r.json"), StartsWith("{\"schema\":"));
}

TEST_F(TestCommandTest, NeverWritesResultsOverAScenario) {
    const std::string path = scenario("a", passing);
    const CommandResult result = run_command({"test", "--junit", path, path});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, HasSubstr("is a scenario"));
    EXPECT_EQ(read_file(path), passing);
}

TEST_F(TestCommandTest, BlessRewritesTheFileAndShowsTheDifference) {
    const std::string path = scenario("a", failing);
    const CommandResult result = run_command({"test", "--bless", path});
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    EXPECT_THAT(result.out,
                AllOf(HasSubstr("# @@ " + path + ":9 @@\n"), HasSubstr("# -drop = 2   # wrong\n"),
                      HasSubstr("# +drop = 1   # wrong\n"), HasSubstr("\nok 1 - ")));
    EXPECT_EQ(read_file(path), passing + "[expect]\ndrop = 1   # wrong\n");
}

TEST_F(TestCommandTest, BlessSaysWhatItCannotState) {
    const std::string path = scenario("a", passing + "[[expect.source]]\naddress = \"10.0.0.7\"\n");
    const std::string before = read_file(path);
    const CommandResult result = run_command({"test", "--bless", path});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.out, HasSubstr("# not blessed: " + path + ":8: source 10.0.0.7"));
    EXPECT_EQ(read_file(path), before);
}

TEST_F(TestCommandTest, BlessRefusesInCi) {
    const std::string path = scenario("a", failing);
    setenv("CI", "true", 1);
    const CommandResult refused = run_command({"test", "--bless", path});
    EXPECT_EQ(refused.status, 2);
    EXPECT_THAT(refused.err, HasSubstr("CI is set"));
    EXPECT_EQ(read_file(path), failing);
    setenv("CI", "false", 1);
    EXPECT_EQ(run_command({"test", "--bless", path}).status, 0);
    EXPECT_THAT(read_file(path), Not(failing));
    unsetenv("CI");
}

} // namespace
} // namespace portscan
