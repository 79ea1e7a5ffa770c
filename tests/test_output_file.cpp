// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/capture.h"
#include "sim/input_files.h"
#include "sim/output_file.h"
#include "tests/temporary_directory.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace portscan {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

class OutputFileTest : public ::testing::Test {
  protected:
    std::string file(const std::string &name) const {
        const std::string text = "what is in " + name;
        return directory_.write(name,
                                {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()});
    }
    static std::string read(const std::string &path) {
        std::ifstream file{path};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    static std::string refusal(const std::string &path, const InputFiles &inputs) {
        try {
            check_outputs({{"json", path}}, inputs);
            const OutputFile created{"json", path};
        } catch (const OptionError &error) {
            return error.what();
        }
        return "created";
    }

    test::TemporaryDirectory directory_;
};

/// Of a file system that has files without a name on every kernel, which those of containers do
/// not.
class ReplacedFileTest : public OutputFileTest {
  protected:
    ReplacedFileTest() : folder_{"/dev/shm/portscan-test-" + std::to_string(getpid())} {
        std::filesystem::create_directory(folder_);
    }
    ~ReplacedFileTest() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    std::string old_file(const std::string &name) const {
        std::ofstream{folder_ + "/" + name} << "what is in " << name;
        return folder_ + "/" + name;
    }
    long files() const {
        return std::distance(std::filesystem::directory_iterator{folder_},
                             std::filesystem::directory_iterator{});
    }

    std::string folder_;
};

TEST_F(OutputFileTest, InputIsNotOverwrittenUnderWhateverName) {
    const std::string object = file("detector.o");
    std::filesystem::create_symlink(object, directory_ / "link");
    std::filesystem::create_hard_link(object, directory_ / "hard");
    InputFiles inputs;
    inputs.add_object(object);
    for (const char *name : {"detector.o", "link", "hard", "./detector.o"})
        EXPECT_EQ(refusal(directory_ / name, inputs),
                  "json: '" + directory_ / name +
                      "' is the detector of --object: name another file");
    EXPECT_EQ(std::filesystem::file_size(object), 21u);
    EXPECT_EQ(refusal(directory_ / "new", inputs), "created");
}

TEST_F(OutputFileTest, EachInputIsCalledWhatItIs) {
    InputFiles inputs;
    inputs.add_captures({file("a.pcap")});
    inputs.add_options({.values = {{"window", "10s"}, {"allow-file", file("allow")}}});
    inputs.add_scenario({.source = {file("s.scenario.toml"), ""},
                         .title = "",
                         .input = CaptureInput{.path = file("s.pcap"), .filter = ""},
                         .cases = {{.options = {.values = {{"allow-file", file("case")}}}}}});
    EXPECT_THAT(refusal(directory_ / "a.pcap", inputs), HasSubstr("is the capture itself"));
    EXPECT_THAT(refusal(directory_ / "allow", inputs), HasSubstr("is an allow-file"));
    EXPECT_THAT(refusal(directory_ / "s.scenario.toml", inputs), HasSubstr("is a scenario"));
    EXPECT_THAT(refusal(directory_ / "s.pcap", inputs), HasSubstr("is the capture itself"));
    EXPECT_THAT(refusal(directory_ / "case", inputs), HasSubstr("is an allow-file"));
}

TEST_F(OutputFileTest, StandardStreamsAreNoFiles) {
    InputFiles inputs;
    inputs.add_captures({"-"});
    inputs.add_object("");
    EXPECT_EQ(refusal("-", inputs), "created");
    EXPECT_FALSE((OutputFile{"json", "-"}.is_open()));
    EXPECT_FALSE((OutputFile{"json", ""}.is_open()));
    EXPECT_TRUE(is_same_file("-", "-")) << "two results on standard output";
    EXPECT_FALSE(is_same_file("", ""));
}

TEST_F(OutputFileTest, SaysWhyItCannotBeCreated) {
    EXPECT_THAT(refusal(directory_ / "none/x", {}),
                StartsWith("json: '" + directory_ / "none/x" +
                           "' cannot be created: No such file or directory; name a file"));
    EXPECT_THAT(refusal(directory_ / "", {}), HasSubstr("Is a directory"));
}

TEST_F(OutputFileTest, WhatAFileHeldStaysUntilThereIsAResult) {
    const std::string old = file("old");
    { OutputFile unused{"json", old}; }
    {
        OutputFile without_result{"json", old};
        without_result.close();
    }
    EXPECT_EQ(read(old), "what is in old");
    OutputFile used{"json", old};
    used.stream() << 'x';
    used.close();
    EXPECT_EQ(read(old), "x");
    { OutputFile unused{"json", directory_ / "new"}; }
    EXPECT_FALSE(std::filesystem::exists(directory_ / "new"));
}

TEST_F(ReplacedFileTest, ResultTakesThePlaceWhenItIsWhole) {
    const std::string old = old_file("old"), link = folder_ + "/link";
    std::filesystem::permissions(old, std::filesystem::perms{0640});
    std::filesystem::create_symlink("old", link);
    OutputFile html{"html", link};
    html.stream() << "new" << std::flush;
    EXPECT_EQ(read(old), "what is in old");
    html.close();
    EXPECT_EQ(read(old), "new");
    EXPECT_TRUE(std::filesystem::is_symlink(link));
    EXPECT_EQ(std::filesystem::status(old).permissions(), std::filesystem::perms{0640});
    EXPECT_EQ(files(), 2) << "and nothing beside them";
}

TEST_F(ReplacedFileTest, NewFileIsThereWhenItIsWhole) {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder_);
    for (const std::string name : {"bare", "./below"}) {
        OutputFile html{"html", name};
        html.stream() << "new" << std::flush;
        EXPECT_FALSE(std::filesystem::exists(name)) << name;
        html.close();
        EXPECT_EQ(read(name), "new") << name;
    }
    std::filesystem::current_path(before);
}

TEST_F(ReplacedFileTest, FileThatSomebodyHereWritesToIsWrittenInPlace) {
    const std::string old = old_file("old");
    const int descriptor = open(old.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    OutputFile html{"html", "/dev/fd/" + std::to_string(descriptor)};
    html.stream() << "new";
    html.close();
    ASSERT_EQ(write(descriptor, "er", 2), 2);
    close(descriptor);
    EXPECT_EQ(read(old), "newer");
}

TEST_F(OutputFileTest, LinesAreThereOnceTheyAreWritten) {
    OutputFile json{"json", file("old"), OutputKind::lines};
    json.stream() << "{}\n" << std::flush;
    EXPECT_EQ(read(directory_ / "old"), "{}\n");
}

TEST_F(OutputFileTest, FileOfTwoNamesKeepsBoth) {
    const std::string old = file("old");
    std::filesystem::create_hard_link(old, directory_ / "hard");
    OutputFile html{"html", old};
    html.stream() << "new";
    html.close();
    EXPECT_EQ(read(directory_ / "hard"), "new");
}

/// As where a disk is full, but for the word of the kernel.
class FilesOfAtMost {
  public:
    explicit FilesOfAtMost(rlim_t bytes) : handler_{std::signal(SIGXFSZ, SIG_IGN)} {
        getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    FilesOfAtMost(const FilesOfAtMost &) = delete;
    FilesOfAtMost &operator=(const FilesOfAtMost &) = delete;
    ~FilesOfAtMost() {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

  private:
    rlimit before_{};
    void (*handler_)(int);
};

TEST_F(ReplacedFileTest, WhatIsNotWrittenWholeLeavesEverythingAsItWas) {
    const std::string old = old_file("old");
    const std::string capture = old_file("old.pcap");
    {
        const FilesOfAtMost limit{100};
        OutputFile html{"html", old};
        html.stream() << std::string(1'000, 'x');
        EXPECT_THROW(html.close(), std::runtime_error);
        CaptureWriter writer = CaptureWriter::create(capture);
        writer.write(0, Bytes(1'000));
        EXPECT_THROW(writer.close(), CaptureError);
        CaptureWriter unfinished = CaptureWriter::create(capture);
    }
    EXPECT_EQ(read(old), "what is in old");
    EXPECT_EQ(read(capture), "what is in old.pcap");
    EXPECT_EQ(files(), 2) << "and nothing beside them";
}

TEST_F(OutputFileTest, TwoResultsDoNotShareAFile) {
    const auto check = [&](const std::string &one, const std::string &other) {
        check_outputs({{"json", directory_ / one}, {"html", directory_ / other}}, {});
    };
    const auto taken = ThrowsMessage<OptionError>(HasSubstr("is taken by --json"));
    EXPECT_THAT([&] { check("new", "new"); }, taken);
    EXPECT_THAT([&] { check("new", "./new"); }, taken) << "neither is there";
    EXPECT_THAT([&] { check("none/../new", "new"); }, taken);
    std::filesystem::create_symlink("new", directory_ / "link");
    std::filesystem::create_symlink("link", directory_ / "link to it");
    EXPECT_THAT([&] { check("new", "link"); }, taken) << "a link to nothing";
    EXPECT_THAT([&] { check("link", "link to it"); }, taken);
    std::filesystem::create_directory(directory_ / "folder");
    std::filesystem::create_symlink("../new", directory_ / "folder/up");
    std::filesystem::create_symlink(directory_ / "new", directory_ / "whole");
    EXPECT_THAT([&] { check("folder/up", "whole"); }, taken);
    std::filesystem::create_symlink("circle", directory_ / "circle");
    std::filesystem::create_symlink("round", directory_ / "round");
    EXPECT_NO_THROW(check("new", "circle"));
    EXPECT_NO_THROW(check("round", "circle"));
    EXPECT_THAT([&] { check("circle", "./circle"); }, taken);
    EXPECT_NO_THROW(check(std::string(300, 'a'), std::string(300, 'b'))) << "no names for files";
    EXPECT_NO_THROW(check("new", "newer"));
    EXPECT_NO_THROW(check_outputs({{"json", ""}, {"html", ""}}, {}));
    EXPECT_THROW(check_outputs({{"json", "-"}, {"html", "-"}}, {}), OptionError);
    EXPECT_THROW(refuse_standard_output("junit", "-"), OptionError);
}

/// A standard stream comes from or goes elsewhere meanwhile.
class Redirected {
  public:
    Redirected(int descriptor, int elsewhere) : descriptor_(descriptor), before_(dup(descriptor)) {
        std::fflush(stdout);
        dup2(elsewhere, descriptor_);
    }
    Redirected(const Redirected &) = delete;
    Redirected &operator=(const Redirected &) = delete;
    ~Redirected() {
        std::fflush(stdout);
        dup2(before_, descriptor_);
        close(before_);
    }

  private:
    int descriptor_, before_;
};

TEST_F(OutputFileTest, FileOnStandardInputIsAnInput) {
    const std::string capture = file("a.pcap");
    const int descriptor = open(capture.c_str(), O_RDONLY | O_CLOEXEC);
    InputFiles inputs;
    inputs.add_captures({"-"});
    {
        const Redirected input{STDIN_FILENO, descriptor};
        EXPECT_THAT(refusal(capture, inputs), HasSubstr("is the capture itself"));
        EXPECT_EQ(refusal(directory_ / "other", inputs), "created");
    }
    close(descriptor);
}

TEST_F(OutputFileTest, FileOfStandardOutputIsTaken) {
    const std::string table = file("table");
    const int descriptor = open(table.c_str(), O_WRONLY | O_CLOEXEC);
    std::string refused, other, refused_again;
    {
        const Redirected output{STDOUT_FILENO, descriptor};
        refused = refusal(table, {});
        other = refusal(directory_ / "other", {});
    }
    {
        const Redirected messages{STDERR_FILENO, descriptor};
        refused_again = refusal(table, {});
    }
    close(descriptor);
    EXPECT_THAT(refused, HasSubstr("is where standard output goes: name another file"));
    EXPECT_THAT(refused_again, HasSubstr("is where messages go: name another file"));
    EXPECT_EQ(other, "created");
    EXPECT_EQ(read(table), "what is in table");
}

TEST_F(OutputFileTest, PipeOfStandardOutputIsTakenAndNoDevice) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    std::string pipe, null;
    {
        const Redirected output{STDOUT_FILENO, ends[1]};
        pipe = refusal("/dev/stdout", {});
        EXPECT_NO_THROW(InputFiles{}.refuse_as_output("write", "/dev/stdout")) << "synth: no table";
    }
    {
        const Redirected output{STDOUT_FILENO, nowhere};
        null = refusal("/dev/null", {});
    }
    for (const int end : {ends[0], ends[1], nowhere}) close(end);
    EXPECT_EQ(pipe, "json: '/dev/stdout' is standard output, where the table goes: give '-', or "
                    "name a file");
    EXPECT_EQ(null, "created");
}

TEST_F(OutputFileTest, StandardOutputGoesIntoNoInput) {
    const std::string capture = file("a.pcap"), other = file("b.pcap");
    InputFiles inputs;
    inputs.add_captures({other, capture});
    const auto refusal_of = [&](const InputFiles &read) -> std::string {
        try {
            check_outputs({{"json", "-"}}, read);
        } catch (const OptionError &error) {
            return error.what();
        }
        return "taken";
    };
    InputFiles from_standard_input;
    from_standard_input.add_captures({"-"});
    const int both_ways = open(capture.c_str(), O_RDWR | O_APPEND | O_CLOEXEC);
    std::array<int, 2> socket{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socket.data()), 0);
    std::string named, unnamed, through_socket;
    {
        const Redirected output{STDOUT_FILENO, both_ways};
        named = refusal_of(inputs);
        const Redirected input{STDIN_FILENO, both_ways};
        unnamed = refusal_of(from_standard_input);
    }
    {
        const Redirected output{STDOUT_FILENO, socket[0]};
        const Redirected input{STDIN_FILENO, socket[0]};
        through_socket = refusal_of(from_standard_input);
    }
    for (const int end : {both_ways, socket[0], socket[1]}) close(end);
    EXPECT_EQ(named, "standard output goes into '" + capture +
                         "', which is the capture itself: name another file");
    EXPECT_THAT(unnamed, HasSubstr("goes into standard input, which is the capture itself"));
    EXPECT_EQ(through_socket, "taken");
    EXPECT_EQ(refusal_of(inputs), "taken");
}

TEST_F(OutputFileTest, FullDiskIsNotPassedOver) {
    OutputFile full{"json", "/dev/full"};
    full.stream() << "{}";
    EXPECT_THROW(full.close(), std::runtime_error);
}

} // namespace
} // namespace portscan
