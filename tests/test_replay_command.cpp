// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/command_checks.h"
#include "tests/command_runner.h"
#include "tests/page_data.h"
#include "tests/syn_capture.h"
#include "tests/temporary_directory.h"

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace portscan {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class ReplayCommandTest : public ::testing::Test {
  protected:
    /// SYNs of 10.0.0.1, a second apart; the path.
    std::string capture(const std::string &name, const std::vector<std::uint16_t> &ports) const {
        return SynCapture{directory_ / name}.from("10.0.0.1", ports).close();
    }
    /// The JSON objects of a replay that ends with `status`.
    static std::vector<json> replayed(std::vector<std::string> arguments, int status = 0) {
        arguments.insert(arguments.begin(), {"replay", "--json"});
        return json_lines(run_command(arguments), status);
    }
    /// Standard error of a command that ends with `status`: one line, led by the program's name.
    static std::string complaint(const std::vector<std::string> &arguments, int status = 2,
                                 Rights rights = Rights::kept) {
        return one_complaint(run_command(arguments, rights), status);
    }

    test::TemporaryDirectory directory_;
    std::string scan_ = capture("scan.pcap", {1, 2, 3, 4, 5});
    std::string honest_ = capture("honest.pcap", {80, 80});
};

/// Waits until somebody reads the named pipe; the writing end, or -1 after 20 seconds.
int wait_for_reader(const std::string &pipe) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (std::chrono::steady_clock::now() < end) {
        const int descriptor = open(pipe.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (descriptor >= 0) return descriptor;
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return -1;
}

/// Waits, up to 20 seconds, until what was written to a pipe has been read.
void wait_until_empty(int pipe) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    for (int unread = 1; unread != 0 && std::chrono::steady_clock::now() < end;) {
        ASSERT_EQ(ioctl(pipe, FIONREAD, &unread), 0);
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
}

/// Waits, up to 20 seconds, until all threads wait for something, again and again: what was read
/// has been replayed.
void wait_until_idle(pid_t process) {
    constexpr unsigned enough = 20;
    const auto is_idle = [&] {
        const std::string tasks = "/proc/" + std::to_string(process) + "/task";
        for (const auto &task : std::filesystem::directory_iterator{tasks}) {
            const std::string status = read_file(task.path() / "stat"); // "ID (NAME) STATE ..."
            if (status.compare(status.rfind(')') + 1, 2, " S") != 0) return false;
        }
        return true;
    };
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    for (unsigned idle = 0; idle < enough && std::chrono::steady_clock::now() < end;
         idle = is_idle() ? idle + 1 : 0)
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
}

/// The capabilities that a process can have, as /proc shows them.
std::string permitted_capabilities(pid_t process) {
    const std::string status = read_file("/proc/" + std::to_string(process) + "/status");
    const auto start = status.find("CapPrm:\t") + 8;
    return status.substr(start, status.find('\n', start) - start);
}

TEST_F(ReplayCommandTest, CapabilitiesAreGoneBeforeACaptureIsOpened) {
    const std::string pipe = directory_ / "pipe.pcap";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    const auto while_opening = [&](const std::vector<std::string> &arguments) {
        std::string capabilities;
        run_command(arguments, Rights::kept, [&](pid_t process) {
            const int descriptor = wait_for_reader(pipe);
            capabilities = permitted_capabilities(process);
            if (descriptor >= 0) close(descriptor);
        });
        return capabilities;
    };
    EXPECT_EQ(while_opening({"replay", pipe}), "0000000000000000");
    EXPECT_EQ(while_opening({"replay", "--continue", scan_, pipe}), "0000000000000000");
    EXPECT_EQ(while_opening({"replay", scan_, pipe}), "0000000000000000");
    EXPECT_EQ(while_opening({"replay", "--jobs", "2", scan_, pipe}), "0000000000000000");
    // Others are loaded for further hosts: CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF.
    EXPECT_EQ(while_opening({"replay", "--host", "10.0.0.9", pipe}), "000000c000001000");
}

TEST_F(ReplayCommandTest, HelpAndVersionAreNoErrors) {
    EXPECT_EQ(run_command({"--version"}).status, 0);
    EXPECT_THAT(run_command({"--version"}).out, StartsWith("xdp-portscan-sim "));
    const CommandResult help = run_command({"replay", "--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.out, AllOf(HasSubstr("--max-ports"), HasSubstr("--write-dropped")));
}

TEST_F(ReplayCommandTest, BadUsageIsOneLineAndStatus2) {
    complaint({});
    complaint({"replay"});
    EXPECT_THAT(complaint({"relpay", scan_}),
                HasSubstr("no command 'relpay': replay, test, synth"));
    complaint({"replay", "--max-prots", "3", scan_});
    EXPECT_THAT(complaint({"replay", "--max-ports", "17", scan_}),
                HasSubstr("max-ports: '17' is not a whole number from 1 to 16"));
    EXPECT_THAT(complaint({"replay", "--max-blocked", "500001", scan_}), HasSubstr("max-sources"));
    EXPECT_THAT(complaint({"replay", "--clock", "sun", scan_}), HasSubstr("capture, wall"));
    for (const char *const count : {"many", "-1", "99999999999999999999", ""}) {
        EXPECT_THAT(complaint({"replay", "--report-sources", count, scan_}),
                    HasSubstr("is not a whole number from 0 on"));
    }
    EXPECT_THAT(complaint({"replay", "--object", directory_ / "none.o", scan_}),
                HasSubstr("none.o"));
    EXPECT_THAT(complaint({"replay", "--object", scan_, scan_}), HasSubstr(scan_));
}

TEST_F(ReplayCommandTest, TableNamesTheBlockedSource) {
    const CommandResult result = run_command({"replay", scan_, honest_});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.err, IsEmpty());
    EXPECT_THAT(result.out, AllOf(HasSubstr("10.0.0.1"), HasSubstr("1,2,3 then 4"),
                                  HasSubstr("nobody blocked")));
}

TEST_F(ReplayCommandTest, JsonDoesNotTakeTheCaptureForItsFile) {
    const auto objects = replayed({scan_});
    ASSERT_THAT(objects, SizeIs(1));
    EXPECT_EQ(objects[0]["capture"], scan_);
    EXPECT_EQ(objects[0]["packets"], 5);
    EXPECT_EQ(objects[0]["verdicts"]["drop"], 2);
    EXPECT_EQ(objects[0]["sources"][0]["blocks"][0]["frame"], 4);
    EXPECT_EQ(objects[0]["sources"][0]["blocks"][0]["at"], "1700000003.000000000");
    const json &latency = objects[0]["latency_ns"];
    EXPECT_EQ(latency["empty"]["packets"], 5);
    EXPECT_GT(latency["empty"]["p50"], 0);
    EXPECT_EQ(latency["above_empty"]["max"].get<int>(),
              latency["max"].get<int>() - latency["empty"]["p50"].get<int>());
    int packets = 0;
    for (const json &bar : latency["histogram"]) packets += bar[1].get<int>();
    EXPECT_EQ(packets, 5);
}

TEST_F(ReplayCommandTest, JsonToAFileLeavesTheTable) {
    const std::string file = directory_ / "report.json";
    const CommandResult result = run_command({"replay", "--json=" + file, scan_});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("CAPTURE"));
    EXPECT_EQ(json::parse(read_file(file))["packets"], 5);
}

TEST_F(ReplayCommandTest, EachCaptureStartsEmptyUnlessItGoesOn) {
    const auto apart = replayed({scan_, honest_});
    ASSERT_THAT(apart, SizeIs(2));
    EXPECT_EQ(apart[1]["verdicts"]["drop"], 0);
    const auto together = replayed({"--continue", scan_, honest_});
    ASSERT_THAT(together, SizeIs(2));
    EXPECT_EQ(together[1]["verdicts"]["drop"], 2);
    EXPECT_EQ(together[1]["packets"], 2);
    EXPECT_EQ(together[1]["time_held"], 2);
}

TEST_F(ReplayCommandTest, FailOnBlockIsStatus1) {
    replayed({"--fail-on-block", scan_}, 1);
    replayed({"--fail-on-block", honest_}, 0);
}

TEST_F(ReplayCommandTest, UnreadableCaptureDoesNotPreventTheOthers) {
    const std::string text = directory_ / "text.pcap";
    std::ofstream{text} << "this is no capture\n";
    const auto objects = replayed({(directory_ / "missing.pcap"), scan_, text, honest_}, 2);
    ASSERT_THAT(objects, SizeIs(2));
    EXPECT_EQ(objects[0]["capture"], scan_);
    EXPECT_EQ(objects[1]["capture"], honest_);
    EXPECT_EQ(objects[1]["verdicts"]["drop"], 0);
    EXPECT_THAT(complaint({"replay", (directory_ / "missing.pcap")}), HasSubstr("missing.pcap"));
    EXPECT_THAT(complaint({"replay", text}), HasSubstr("text.pcap"));
}

TEST_F(ReplayCommandTest, DamagedCaptureIsReportedUpToThere) {
    std::filesystem::resize_file(scan_, std::filesystem::file_size(scan_) - 1);
    const auto objects = replayed({scan_}, 2);
    ASSERT_THAT(objects, SizeIs(1));
    EXPECT_EQ(objects[0]["packets"], 4);
    EXPECT_EQ(objects[0]["verdicts"]["drop"], 1);
    EXPECT_TRUE(objects[0]["damage"].is_string());
}

TEST_F(ReplayCommandTest, FilterSelectsAndWarnsWhereItMatchesNothing) {
    const auto some = replayed({"--filter", "tcp dst portrange 1-2", scan_});
    EXPECT_EQ(some.at(0)["not_selected"], 3);
    EXPECT_EQ(some.at(0)["verdicts"]["pass"], 2);
    EXPECT_THAT(complaint({"replay", "--filter", "tcp port 9", scan_}, 0),
                AllOf(HasSubstr("warning"), HasSubstr("vlan and")));
    EXPECT_THAT(complaint({"replay", "--filter", "tcp porto 9", scan_, honest_}),
                HasSubstr("filter 'tcp porto 9': "))
        << "once, not for each capture";
}

TEST_F(ReplayCommandTest, DroppedAndPassedFramesAreWritten) {
    const std::string dropped = (directory_ / "dropped.pcap"), passed = directory_ / "passed.pcap";
    replayed({"--write-dropped", dropped, "--write-passed", passed, scan_});
    EXPECT_EQ(replayed({dropped}).at(0)["packets"], 2);
    const auto again = replayed({passed});
    EXPECT_EQ(again.at(0)["packets"], 3);
    EXPECT_EQ(again.at(0)["sources"][0]["first_seen"], "1700000000.000000000");
}

TEST_F(ReplayCommandTest, CapturesAreNeverOverwritten) {
    const std::string before = read_file(scan_);
    complaint({"replay", "--json=" + scan_, scan_});
    complaint({"replay", "--write-passed", scan_, honest_, scan_});
    complaint({"replay", "--write-passed", (directory_ / "./scan.pcap"), scan_});
    const std::string other = directory_ / "other";
    complaint({"replay", "--write-passed", other, "--write-dropped", other, scan_});
    complaint({"replay", "--html", other, "--write-dropped", other, scan_});
    complaint({"replay", "--html", honest_, scan_, honest_});
    complaint({"replay", "--json", "--write-dropped", "-", scan_});
    complaint({"replay", "--json", "--html", "-", scan_});
    EXPECT_EQ(read_file(scan_), before);
}

TEST_F(ReplayCommandTest, WhereNothingCouldBeReadOlderOutputsStay) {
    const std::string none = directory_ / "none.pcap";
    for (const std::string option : {"--write-passed", "--write-dropped", "--annotate", "--json"}) {
        const std::string older = directory_ / ("older" + option);
        std::ofstream{older} << "older";
        complaint({"replay", fmt::format("{}={}", option, older), none});
        EXPECT_EQ(read_file(older), "older") << option;
    }
}

TEST_F(ReplayCommandTest, FramesOnStandardOutputLeaveItToThem) {
    const CommandResult result = run_command({"replay", "--write-dropped", "-", scan_});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.err, HasSubstr("CAPTURE"));
    const std::string copy = directory_ / "copy.pcap";
    std::ofstream{copy, std::ios::binary} << result.out;
    EXPECT_EQ(replayed({copy}).at(0)["packets"], 2);
}

TEST_F(ReplayCommandTest, ThePageHoldsTheJson) {
    const std::string lines = directory_ / "report.json";
    const CommandResult result =
        run_command({"replay", "--json=" + lines, "--html", "-", scan_, honest_});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.err, HasSubstr("CAPTURE")); // the table, where the page leaves room
    const auto captures = page_data(result.out, "class=\"capture\"");
    ASSERT_THAT(captures, SizeIs(2));
    std::istringstream written{read_file(lines)};
    for (const json &capture : captures) {
        std::string line;
        std::getline(written, line);
        EXPECT_EQ(capture, json::parse(line));
    }
    const auto figures = page_data(result.out, "class=\"figures\"");
    EXPECT_EQ(figures.at(0)["timeline"]["start"], "1700000000.000000000");
    EXPECT_EQ(figures.at(0)["timeline"]["end"], "1700000004.000000000");
    EXPECT_EQ(figures.at(0)["timeline"]["bin_ns"], 2'000'000);
    EXPECT_EQ(figures.at(0)["timeline"]["dropped"].size(), 2001u);
    EXPECT_EQ(figures.at(0)["timeline"]["dropped"][1500], 1); // the fourth port, after 3 s
    EXPECT_EQ(figures.at(0)["timeline"]["passed"][1000], 1);
    EXPECT_EQ(figures.at(1)["blocked_sources"], 0);
}

TEST_F(ReplayCommandTest, OutputThatCannotBeCreatedIsBadUsage) {
    complaint({"replay", "--html", (directory_ / "no/such/folder"), scan_});
    complaint({"replay", "--json=" + (directory_ / "no/such/folder"), scan_});
    complaint({"replay", "--write-passed", (directory_ / "no/such/folder"), scan_});
}

/// A script's variable that is not set: `--html=$PAGE`, `--html "$PAGE"`.
TEST_F(ReplayCommandTest, AnEmptyNameIsRefusedAndNothingTakenInItsPlace) {
    const std::string before = read_file(scan_);
    for (const char *option : {"--html", "--annotate", "--write-dropped", "--object", "--json"})
        EXPECT_THAT(complaint({"replay", std::string{option} + "=", scan_, honest_}),
                    HasSubstr(std::string{"'"} + option + "=' has no value"));
    for (const char *option : {"--html", "--annotate", "--write-passed", "--allow-file"})
        EXPECT_THAT(complaint({"replay", option, "", scan_}), HasSubstr("the name is empty"));
    EXPECT_THAT(complaint({"test", "--junit=", scan_}), HasSubstr("'--junit=' has no value"));
    EXPECT_EQ(read_file(scan_), before);
}

TEST_F(ReplayCommandTest, FullDiskIsAFailureOfTheHarness) {
    EXPECT_EQ(run_command({"replay", "--json=/dev/full", scan_}).status, 3);
    EXPECT_EQ(run_command({"replay", "--write-passed", "/dev/full", scan_}).status, 3);
    EXPECT_EQ(run_command({"replay", "--html", "/dev/full", scan_}).status, 3);
    EXPECT_EQ(run_command_into("/dev/full", {"replay", scan_}), 3);
}

TEST_F(ReplayCommandTest, HelpThatNobodyGetsIsAFailure) {
    EXPECT_EQ(run_command_into("/dev/full", {"replay", "--help"}), 3);
    EXPECT_EQ(run_command_into("/dev/full", {"--version"}), 3);
    EXPECT_EQ(run_command_into("/dev/full", {"fuzz", "--packets", "100"}), 3);
}

TEST_F(ReplayCommandTest, MoreSourcesThanTheKernelHasRoomForSayWhatToLower) {
    EXPECT_THAT(complaint({"replay", "--max-sources", "4000000000", scan_}, 3),
                HasSubstr("lower --max-sources"));
}

TEST_F(ReplayCommandTest, AnInterruptedReplayReportsWhatItRead) {
    const std::string pipe = directory_ / "pipe.pcap", report = directory_ / "report.json";
    const std::string bytes = read_file(scan_);
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    const CommandResult result = run_command(
        {"replay", "--json=" + report, pipe, honest_}, Rights::kept, [&](pid_t process) {
            const int descriptor = wait_for_reader(pipe);
            EXPECT_EQ(write(descriptor, bytes.data(), bytes.size()),
                      static_cast<ssize_t>(bytes.size()));
            wait_until_empty(descriptor);
            wait_until_idle(process);
            kill(process, SIGINT);
            std::this_thread::sleep_for(std::chrono::milliseconds{200});
            close(descriptor);
        });
    EXPECT_EQ(result.status, -1); // the signal's
    EXPECT_THAT(result.err, AllOf(HasSubstr("pipe.pcap: interrupted\n"),
                                  HasSubstr("interrupted: 1 of 2 captures not run, from '")));
    const json object = json::parse(read_file(report)); // of one capture
    EXPECT_EQ(object["packets"], 5);
    EXPECT_EQ(object["damage"], "interrupted");
}

/// Waits, up to 20 seconds, until the process catches SIGINT.
void wait_until_interruptible(pid_t process) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    const std::string caught = "SigCgt:\t";
    while (std::chrono::steady_clock::now() < end) {
        const std::string status = read_file("/proc/" + std::to_string(process) + "/status");
        const auto at = status.find(caught);
        if (at == std::string::npos) return; // it has ended
        const auto mask = std::stoull(status.substr(at + caught.size(), 16), nullptr, 16);
        if ((mask >> (SIGINT - 1) & 1) != 0) return;
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
}

TEST_F(ReplayCommandTest, APipeThatNobodyOpensIsWaitedForUntilASignal) {
    const std::string pipe = directory_ / "pipe.pcap";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    const CommandResult result = run_command({"replay", pipe}, Rights::kept, [&](pid_t process) {
        wait_until_interruptible(process);
        wait_until_idle(process);
        kill(process, SIGINT);
    });
    EXPECT_EQ(result.status, -1); // the signal's
    EXPECT_THAT(result.err, HasSubstr("pipe.pcap: interrupted\n"));
}

TEST_F(ReplayCommandTest, AnInterruptedSynthesisLeavesWhatTheFileHeld) {
    const std::string before = read_file(scan_);
    const CommandResult result =
        run_command({"synth", "--kind", "syn", "--count", "99999999999", "-w", scan_}, Rights::kept,
                    [&](pid_t process) {
                        wait_until_interruptible(process);
                        kill(process, SIGINT);
                    });
    EXPECT_EQ(result.status, -1); // the signal's
    EXPECT_THAT(result.err, AllOf(HasSubstr("interrupted after "), HasSubstr("no capture")));
    EXPECT_EQ(read_file(scan_), before);
}

TEST_F(ReplayCommandTest, WithoutCapabilitiesItNamesThemAndIsStatus3) {
    EXPECT_THAT(complaint({"replay", scan_}, 3, Rights::none), HasSubstr("CAP_BPF"));
}

} // namespace
} // namespace portscan
