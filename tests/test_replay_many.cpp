// SPDX-License-Identifier: GPL-2.0-or-later
// Many captures, large ones, and what a terminal shows of them.
#include "tests/command_checks.h"
#include "tests/command_runner.h"
#include "tests/syn_capture.h"
#include "tests/temporary_directory.h"

#include "sim/capture.h"
#include "sim/packet.h"
#include "sim/traffic.h"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace portscan {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class ReplayManyTest : public ::testing::Test {
  protected:
    /// SYNs of one source, a second apart; the path.
    std::string capture(const std::string &name, const std::vector<std::uint16_t> &ports,
                        const char *source = "10.0.0.1") {
        return SynCapture{directory / name}.from(source, ports).close();
    }
    static std::vector<std::string> names_of(const std::vector<json> &objects) {
        std::vector<std::string> names;
        names.reserve(objects.size());
        for (const json &object : objects)
            names.push_back(std::filesystem::path{object["capture"].get<std::string>()}.filename());
        return names;
    }

    test::TemporaryDirectory directory;
};

TEST_F(ReplayManyTest, FolderIsReplayedAndWhatIsNoCaptureIsSaid) {
    std::filesystem::create_directories(directory / "all/below");
    capture("all/2.pcap", {1, 2, 3, 4});
    capture("all/below/1.pcap", {1});
    std::ofstream{directory / "all/notes.txt"} << "no capture\n";
    const CommandResult result = run_command({"replay", "--json", directory / "all"});
    EXPECT_THAT(names_of(json_lines(result, 0)), ElementsAre("2.pcap", "1.pcap"));
    EXPECT_THAT(result.err, AllOf(HasSubstr("warning: "),
                                  HasSubstr("all/notes.txt: not a capture, left out\n")));
}

TEST_F(ReplayManyTest, FolderWithoutCapturesIsUnreadable) {
    std::filesystem::create_directory(directory / "empty");
    const std::string one = capture("one.pcap", {1});
    const CommandResult result = run_command({"replay", "--json", directory / "empty", one});
    EXPECT_THAT(json_lines(result, 2), SizeIs(1)) << "the other one is replayed";
    EXPECT_THAT(result.err, HasSubstr("empty: no capture in this folder\n"));
}

TEST_F(ReplayManyTest, CaptureInAFolderIsNotOverwritten) {
    std::filesystem::create_directory(directory / "all");
    const std::string one = capture("all/one.pcap", {1});
    const std::string before = read_file(one);
    EXPECT_THAT(one_complaint(run_command({"replay", "--json=" + one, directory / "all"}), 2),
                HasSubstr("is the capture itself"));
    EXPECT_EQ(read_file(one), before);
}

TEST_F(ReplayManyTest, JobsGiveTheLinesOfOneAfterTheOther) {
    std::filesystem::create_directory(directory / "all");
    for (unsigned i = 10; i < 40; ++i) {
        const std::string source = fmt::format("10.0.{}.1", i);
        const std::string name = fmt::format("all/{}.pcap", i);
        i % 3 == 0 ? capture(name, {1, 2, 3, 4, 5}, source.c_str())
                   : capture(name, {1, 2}, source.c_str());
    }
    std::ofstream{directory / "all/15.pcap"} << "broken\n";
    const std::string all = directory / "all";
    const CommandResult one = run_command({"replay", "--json", all});
    const CommandResult three = run_command({"replay", "--json", "--jobs", "3", all});
    auto expected = json_lines(one, 2), objects = json_lines(three, 2);
    ASSERT_THAT(expected, SizeIs(29));
    ASSERT_THAT(objects, SizeIs(29));
    for (std::size_t i = 0; i < objects.size(); ++i) {
        EXPECT_GT(objects[i]["latency_ns"]["p50"], 0);
        objects[i].erase("latency_ns");
        expected[i].erase("latency_ns");
        EXPECT_EQ(objects[i], expected[i]);
    }
    EXPECT_THAT(one.err, HasSubstr("15.pcap: not a capture"));
    EXPECT_EQ(one.err, three.err);
}

TEST_F(ReplayManyTest, JobsRefuseWhatNeedsOneAfterTheOther) {
    const std::string one = capture("one.pcap", {1}), out = directory / "out";
    const auto refused = [&](std::vector<std::string> options, const char *name) {
        options.insert(options.begin(), {"replay", "--jobs", "2", one, one});
        EXPECT_THAT(one_complaint(run_command(options), 2),
                    HasSubstr(std::string{"jobs: --"} + name + " takes captures one after"));
    };
    refused({"--continue"}, "continue");
    refused({"--annotate", out}, "annotate");
    refused({"--write-passed", out}, "write-passed");
    refused({"--write-dropped", out}, "write-dropped");
    EXPECT_EQ(run_command({"replay", "--jobs", "0", one}).status, 2);
    EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(ReplayManyTest, PageHoldsAllCapturesOfSeveralJobs) {
    const std::string page = directory / "page.html";
    const CommandResult result =
        run_command({"replay", "--jobs", "2", "--html", page, capture("a.pcap", {1}),
                     capture("b.pcap", {1, 2, 3, 4})});
    EXPECT_EQ(result.status, 0) << result.err;
    const std::string text = read_file(page);
    EXPECT_LT(text.find("a.pcap\",\"object_sha256"), text.find("b.pcap\",\"object_sha256"));
    EXPECT_THAT(text, HasSubstr("\"dropped\":[0,"));
}

TEST_F(ReplayManyTest, VerboseSaysEachChangeOfState) {
    const std::string scan = capture("scan.pcap", {1, 2, 3, 4, 5});
    const CommandResult result = run_command({"replay", "-v", "--json", scan});
    EXPECT_THAT(json_lines(result, 0), SizeIs(1));
    EXPECT_EQ(result.err, scan + ": frame 4, 2023-11-14 22:13:23.000000Z: 10.0.0.1 is blocked at "
                                 "port 4, after 1,2,3\n");
}

/// Read ahead and with the books on another thread, in spans, and frame by frame.
TEST_F(ReplayManyTest, ALargeFileIsReportedTheSameByAnyThread) {
    const std::string path = directory / "large.pcap";
    const auto traffic = open_traffic({{.kind = "connect", .open_ports = {{80, 80}}, .rate = 20},
                                       {.kind = "browsing", .count = 1U << 20, .rate = 200},
                                       {.kind = "random-flood", .count = 1U << 20, .rate = 400}});
    CaptureWriter writer = CaptureWriter::create(path);
    for (unsigned i = 0; i < 30'000; ++i) {
        const Frame frame = traffic->next().value();
        writer.write(frame.time_ns, frame.bytes);
    }
    writer.close();
    const auto report = [&path](std::vector<std::string> options) {
        options.insert(options.begin(), "replay");
        options.push_back(path);
        json object = json_lines(run_command(options), 0).at(0);
        EXPECT_EQ(object["packets"], 30'000);
        object.erase("latency_ns");
        return object;
    };
    const std::vector<std::string> detection{"--json", "--window",      "2s", "--block-for",
                                             "1s",     "--max-sources", "500"};
    const auto with = [&detection](std::vector<std::string> more) {
        more.insert(more.begin(), detection.begin(), detection.end());
        return more;
    };
    const json plain = report(detection);
    EXPECT_GT(plain["counters"]["blocks"], 3);
    EXPECT_EQ(plain, report(with({"--verbose"})));
    EXPECT_EQ(plain, report(with({"--annotate", directory / "annotated.pcapng"})));
}

void write_large(const std::string &path, unsigned frames) {
    CaptureWriter writer = CaptureWriter::create(path);
    const Bytes bytes = tcp("10.0.0.1", "10.0.0.9", 80, "A").payload_size(1'400).bytes();
    for (unsigned i = 0; i < frames; ++i) writer.write(i * 1'000ULL, bytes);
    writer.close();
}

/// Replays a capture of so many frames; the most that any replay so far had in memory, in KiB.
long resident_after(const std::string &path, unsigned frames) {
    EXPECT_EQ(json_lines(run_command({"replay", "--json", path}), 0).at(0)["packets"], frames);
    std::filesystem::remove(path);
    rusage usage{};
    getrusage(RUSAGE_CHILDREN, &usage);
    return usage.ru_maxrss;
}

/// Through a pipe, so that nothing but the replay itself could hold the capture.
long resident_after_pipe(const std::string &pipe, unsigned frames) {
    if (mkfifo(pipe.c_str(), 0600) != 0) return -1;
    std::thread sender{[&] { write_large(pipe, frames); }};
    const long resident = resident_after(pipe, frames);
    sender.join();
    return resident;
}

TEST_F(ReplayManyTest, MemoryDoesNotGrowWithTheCapture) {
    constexpr unsigned frames = 150'000; // 220 MB; 64 bytes kept of each would be 9,400 KiB
    const long small = resident_after_pipe(directory / "pipe", 1'000);
    const long large = resident_after_pipe(directory / "pipe", frames);
    EXPECT_LT(large, small + 8'000);
    EXPECT_LT(large, 200'000);
}

TEST_F(ReplayManyTest, MemoryDoesNotGrowWithAFileThatIsReadAhead) {
    constexpr unsigned few = 2'000, frames = 60'000; // 3 MB, which is read ahead, and 87 MB
    write_large(directory / "few", few);
    const long small = resident_after(directory / "few", few);
    write_large(directory / "many", frames);
    EXPECT_LT(resident_after(directory / "many", frames), small + 8'000);
}

/// What a replay writes where standard output and standard error are a terminal.
std::string on_terminal(const std::vector<std::string> &arguments, const char *no_color) {
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    EXPECT_TRUE(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    const std::string name = ptsname(terminal);
    const int end = open(name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    std::vector<char *> argv{const_cast<char *>(SIM_COMMAND)};
    for (const std::string &argument : arguments)
        argv.push_back(const_cast<char *>(argument.c_str()));
    argv.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        dup2(end, STDOUT_FILENO);
        dup2(end, STDERR_FILENO);
        setenv("TERM", "xterm", 1);
        no_color == nullptr ? unsetenv("NO_COLOR") : setenv("NO_COLOR", no_color, 1);
        execv(argv[0], argv.data());
        _exit(127);
    }
    close(end);
    std::string text;
    char bytes[4'096];
    for (ssize_t got = 0; (got = read(terminal, bytes, sizeof(bytes))) > 0;)
        text.append(bytes, static_cast<std::size_t>(got));
    int status = -1;
    waitpid(child, &status, 0);
    close(terminal);
    EXPECT_EQ(status, 0) << text;
    return text;
}

TEST_F(ReplayManyTest, ColoursAreForTerminalsWithoutNoColor) {
    const std::string scan = capture("scan.pcap", {1, 2, 3, 4, 5});
    EXPECT_THAT(on_terminal({"replay", scan}, nullptr), HasSubstr("\x1b[31m10.0.0.1"));
    EXPECT_THAT(on_terminal({"replay", scan}, ""), HasSubstr("\x1b[31m10.0.0.1"));
    EXPECT_THAT(on_terminal({"replay", scan}, "1"),
                AllOf(HasSubstr("10.0.0.1"), Not(HasSubstr("\x1b"))));
    const CommandResult piped = run_command({"replay", scan});
    EXPECT_THAT(piped.out, AllOf(HasSubstr("3 passed, 2 dropped; 1 source, 1 blocked; ns above the "
                                           "empty program's "),
                                 Not(HasSubstr("\x1b"))));
    EXPECT_THAT(piped.err, IsEmpty());
}

} // namespace
} // namespace portscan
