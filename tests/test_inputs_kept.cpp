// SPDX-License-Identifier: GPL-2.0-or-later
// No command writes results over a file that it reads.
#include "tests/command_checks.h"
#include "tests/command_runner.h"
#include "tests/temporary_directory.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace portscan {
namespace {

struct KeptInput {
    const char *name; ///< of the test
    const char *kept; ///< the file in question
    std::vector<std::string> arguments;
};

void PrintTo(const KeptInput &input, std::ostream *out) {
    *out << input.name;
}

/// A folder with one of everything, from which commands run.
class InputsKept : public ::testing::TestWithParam<KeptInput> {
  protected:
    void SetUp() override {
        namespace fs = std::filesystem;
        fs::copy_file(fs::path{PORTSCAN_SOURCE_DIR} / "pcaps/nmap-syn.pcap", directory_ / "a.pcap");
        fs::copy_file(OBJECT, directory_ / "new.o");
        write("allow", "192.0.2.1\n");
        write("labels.csv", "capture,filter,scanners\na.pcap,,\n");
        write("s/s.scenario.toml", "capture = \"../a.pcap\"\n[detector]\n"
                                   "allow-file = [\"../of-scenario\"]\n[expect]\npackets = 2008\n");
        write("of-scenario", "192.0.2.2\n");
        write("unreachable.toml", "");
        write("equivalent.toml", "");
        write("again.json", "{}");
        before_ = fs::current_path();
        fs::current_path(directory_ / "");
    }
    void TearDown() override { std::filesystem::current_path(before_); }
    void write(const std::string &name, const char *text) const {
        const std::filesystem::path path{directory_ / name};
        std::filesystem::create_directories(path.parent_path());
        std::ofstream{path} << text;
    }

    test::TemporaryDirectory directory_;
    std::filesystem::path before_;
};

TEST_P(InputsKept, IsRefusedAndUntouched) {
    const auto &[name, kept, arguments] = GetParam();
    const std::string before = read_file(kept);
    EXPECT_THAT(
        one_complaint(run_command(arguments), 2),
        ::testing::AllOf(::testing::HasSubstr(kept), ::testing::HasSubstr("name another file")));
    EXPECT_EQ(read_file(kept), before);
}

INSTANTIATE_TEST_SUITE_P(
    All, InputsKept,
    ::testing::Values(
        KeptInput{"ReplayAllowFile",
                  "allow",
                  {"replay", "--html", "allow", "--allow-file", "allow", "a.pcap"}},
        KeptInput{
            "ReplayObject", "new.o", {"replay", "--json=new.o", "--object", "new.o", "a.pcap"}},
        KeptInput{"ReplayWrittenFrames",
                  "new.o",
                  {"replay", "--write-dropped", "new.o", "--object", "new.o", "a.pcap"}},
        KeptInput{"CompareScenarioOfAFolder",
                  "s/s.scenario.toml",
                  {"compare", "--json=s/s.scenario.toml", "--b", "max-ports=4", "s"}},
        KeptInput{"CompareObject",
                  "new.o",
                  {"compare", "--annotate", "new.o", "--object", "new.o", "--b", "max-ports=4",
                   "a.pcap"}},
        KeptInput{"CompareAllowFileOfOneSide",
                  "allow",
                  {"compare", "--json=allow", "--b", "allow-file=allow", "a.pcap"}},
        KeptInput{"TestCaptureOfAScenario", "a.pcap", {"test", "--junit", "a.pcap", "s"}},
        KeptInput{"TestObject", "new.o", {"test", "--json=new.o", "--object", "new.o", "s"}},
        KeptInput{"TuneLabels", "labels.csv", {"tune", "--html", "labels.csv", "labels.csv"}},
        KeptInput{"TuneAllowFile",
                  "allow",
                  {"tune", "--json=allow", "--allow-file", "allow", "labels.csv"}},
        KeptInput{
            "TuneObject", "new.o", {"tune", "--html", "new.o", "--object", "new.o", "labels.csv"}},
        KeptInput{
            "CoverUnreachable",
            "unreachable.toml",
            {"cover", "--lcov", "unreachable.toml", "--unreachable", "unreachable.toml", "s"}},
        KeptInput{"MutateEquivalent",
                  "equivalent.toml",
                  {"mutate", "--json=equivalent.toml", "--equivalent", "equivalent.toml", "s"}},
        KeptInput{"MutateAgain",
                  "again.json",
                  {"mutate", "--json=again.json", "--again", "again.json", "s"}},
        KeptInput{"FuzzObject", "new.o", {"fuzz", "--json=new.o", "--object", "new.o"}},
        KeptInput{"BenchObject", "new.o", {"bench", "--json=new.o", "--object", "new.o"}},
        KeptInput{"BenchAllowFile", "allow", {"bench", "--json=allow", "--allow-file", "allow"}}),
    [](const auto &test) { return test.param.name; });

} // namespace
} // namespace portscan
