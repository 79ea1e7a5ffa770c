// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/command_checks.h"
#include "tests/command_runner.h"
#include "tests/syn_capture.h"
#include "tests/temporary_directory.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace portscan {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class CompareTest : public ::testing::Test {
  protected:
    std::string capture(const std::string &name, const std::vector<std::uint16_t> &ports) const {
        return SynCapture{directory_ / name}.from("10.0.0.1", ports).close();
    }
    std::string scenario(const std::string &name, const std::string &text) const {
        std::ofstream{directory_ / name} << text;
        return directory_ / name;
    }
    static CommandResult compare(std::vector<std::string> arguments, Rights rights = Rights::kept) {
        arguments.insert(arguments.begin(), "compare");
        return run_command(arguments, rights);
    }
    static std::vector<json> compared(std::vector<std::string> arguments, int status) {
        arguments.insert(arguments.begin(), "--json");
        return json_lines(compare(arguments), status);
    }
    static std::string complaint(const std::vector<std::string> &arguments, int status = 2,
                                 Rights rights = Rights::kept) {
        return one_complaint(compare(arguments, rights), status);
    }

    test::TemporaryDirectory directory_;
    std::string scan_ = capture("scan.pcap", {1, 2, 3, 4, 5});
    std::string honest_ = capture("honest.pcap", {80, 80});
};

TEST_F(CompareTest, OptionSetsThatDifferInAVerdictAreStatus1) {
    const auto objects = compared({"--b", "max-ports=4", scan_, honest_}, 1);
    ASSERT_THAT(objects, SizeIs(2));
    EXPECT_EQ(objects[0]["packets"], 5);
    EXPECT_EQ(objects[0]["changed"], 1);
    EXPECT_EQ(objects[0]["frames"][0]["frame"], 4);
    EXPECT_EQ(objects[0]["frames"][0]["a"]["reason"], "threshold");
    EXPECT_EQ(objects[0]["frames"][0]["b"]["reason"], "recorded");
    EXPECT_EQ(objects[0]["sources"][0]["a"]["blocked_at_frame"], 4);
    EXPECT_EQ(objects[0]["sources"][0]["b"]["blocked_at_frame"], 5);
    EXPECT_EQ(objects[1]["changed"], 0);
    EXPECT_EQ(objects[1]["sources"], json::array());
}

TEST_F(CompareTest, NothingThatChangesIsStatus0) {
    EXPECT_EQ(compared({"--a", "window=60s", "--b", "window=4s", scan_}, 0)[0]["changed"], 0);
    EXPECT_EQ(compared({"--b", "max-ports=9", honest_}, 0)[0]["changed"], 0);
}

TEST_F(CompareTest, OptionsOfTheCommandLineAreThoseOfBothSides) {
    const auto objects = compared({"--max-ports", "2", "--b", "block-scope=all", scan_}, 0);
    EXPECT_EQ(objects[0]["a"]["options"]["max-ports"], 2);
    EXPECT_EQ(objects[0]["b"]["options"]["max-ports"], 2);
    EXPECT_EQ(objects[0]["b"]["options"]["block-scope"], "all");
}

TEST_F(CompareTest, ObjectIsComparedWithTheEmbeddedOneOrAnother) {
    const auto one = compared({"--object", WRONG_OBJECT, scan_}, 1);
    EXPECT_EQ(one[0]["frames"][0]["frame"], 4);
    EXPECT_EQ(one[0]["changes"], json::parse(R"({"pass>drop": 1})"));
    EXPECT_NE(one[0]["a"]["object_sha256"], one[0]["b"]["object_sha256"]);
    const auto turned = compared({"--object", OBJECT, "--object", WRONG_OBJECT, scan_}, 1);
    EXPECT_EQ(turned[0]["changes"], json::parse(R"({"drop>pass": 1})"));
    EXPECT_EQ(turned[0]["a"]["object_sha256"], one[0]["b"]["object_sha256"]);
}

TEST_F(CompareTest, ScenariosAreComparedCaseByCaseUnderTheirOwnOptions) {
    scenario("rows.scenario.toml", R"(
        title = "by hand"
        packets = """
          0s 10.0.0.1 > 10.0.0.9:1 S
          1s 10.0.0.1 > 10.0.0.9:2 S
          !2s unblock 10.0.0.1
          3s 10.0.0.1 > 10.0.0.9:3 S
        """
        [[case]]
        title = "one"
        [case.detector]
        max-ports = 1
        [case.expect]
        drop = 1
        [[case]]
        title = "two"
        [case.detector]
        max-ports = 2
        [case.expect]
        drop = 0
    )");
    scenario("captured.scenario.toml",
             "capture = \"scan.pcap\"\n[detector]\nmax-ports = 16\n[expect]\ndrop = 0\n");
    const auto objects = compared({"--b", "ignore-ports=2,7", directory_ / ""}, 1);
    ASSERT_THAT(objects, SizeIs(3));
    EXPECT_THAT(objects[0]["input"], HasSubstr("captured.scenario.toml"));
    EXPECT_EQ(objects[0]["a"]["options"]["max-ports"], 16);
    EXPECT_EQ(objects[0]["changed"], 0);
    EXPECT_THAT(objects[1]["input"], HasSubstr("rows.scenario.toml: one"));
    EXPECT_EQ(objects[1]["changed"], 1) << "frame 2 passes; both are unblocked before frame 3";
    EXPECT_EQ(objects[1]["frames"][0]["b"]["reason"], "ignored");
    EXPECT_EQ(objects[2]["changed"], 0);
}

TEST_F(CompareTest, TextAndJsonFileAreWrittenTogether) {
    const std::string file = directory_ / "compare.json";
    const CommandResult result = compare({"--json=" + file, "--b", "max-ports=4", scan_});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.out, AllOf(HasSubstr("a: detector "), HasSubstr(", max-ports=4\n"),
                                  HasSubstr(scan_ + ": 1 of 5 frames change, 1 drop>pass\n"),
                                  HasSubstr("blocked at frame 4 > blocked at frame 5"),
                                  HasSubstr("drop (threshold) > pass (recorded)")));
    EXPECT_EQ(json::parse(read_file(file))["changed"], 1);
}

TEST_F(CompareTest, AnnotatedCaptureSaysWhatChanges) {
    const std::string rows =
        scenario("rows.scenario.toml", "packets = \"\"\"\n0s 10.0.0.1 > 10.0.0.9:1 S\n\"\"\"\n"
                                       "[expect]\npackets = 1\n");
    const std::string out = directory_ / "out.pcapng";
    EXPECT_EQ(compare({"--annotate", out, "--b", "max-ports=4", scan_, rows}).status, 1);
    EXPECT_THAT(read_file(out),
                AllOf(HasSubstr("xdp: changed verdict=drop>pass reason=threshold>recorded"),
                      HasSubstr("xdp: verdict=drop reason=blocked>threshold")));
    CaptureReader reader = CaptureReader::open(out);
    unsigned frames = 0;
    while (reader.next()) ++frames;
    EXPECT_EQ(frames, 6);
    EXPECT_EQ(reader.damage(), "");
    EXPECT_THAT(complaint({"--annotate", scan_, "--b", "max-ports=4", scan_}),
                HasSubstr("is the capture itself"));
    const auto full = compare({"--annotate", "/dev/full", "--b", "max-ports=4", scan_});
    EXPECT_EQ(full.status, 3);
    EXPECT_THAT(full.out, HasSubstr("frame")) << "the comparison is of use without it";
}

TEST_F(CompareTest, FilterSelects) {
    const auto objects =
        compared({"--filter", "tcp dst portrange 1-3", "--b", "max-ports=1", scan_}, 1);
    EXPECT_EQ(objects[0]["packets"], 5);
    EXPECT_EQ(objects[0]["changed"], 2);
}

TEST_F(CompareTest, FramesInTheJsonAreLimited) {
    const auto objects = compared({"--report-frames", "1", "--b", "max-ports=1", scan_}, 1);
    EXPECT_EQ(objects[0]["changed"], 2);
    EXPECT_THAT(objects[0]["frames"], SizeIs(1));
    EXPECT_EQ(objects[0]["frames_omitted"], 1);
}

TEST_F(CompareTest, DamagedAndUnreadableInputsAreStatus2AndHinderNoOther) {
    std::filesystem::resize_file(scan_, std::filesystem::file_size(scan_) - 1);
    const auto objects =
        compared({"--b", "max-ports=1", directory_ / "missing.pcap", scan_, honest_}, 2);
    ASSERT_THAT(objects, SizeIs(2));
    EXPECT_EQ(objects[0]["packets"], 4);
    EXPECT_TRUE(objects[0]["damage"].is_string());
}

TEST_F(CompareTest, BadUsageIsOneLine) {
    complaint({});
    complaint({"--b", "max-ports=4"});
    EXPECT_THAT(complaint({scan_}), HasSubstr("both sides are the same"));
    EXPECT_THAT(complaint({"--a", "max-ports=3", scan_}), HasSubstr("both sides are the same"));
    EXPECT_THAT(complaint({"--a", "max-prots=3", scan_}), HasSubstr("a: no option 'max-prots'"));
    EXPECT_THAT(complaint({"--b", "max-ports=17", scan_}), HasSubstr("b: max-ports: '17'"));
    EXPECT_THAT(complaint({"--b", "max-blocked=500001", scan_}), HasSubstr("max-blocked"));
    EXPECT_THAT(complaint({"--object", directory_ / "none.o", scan_}), HasSubstr("none.o"));
    EXPECT_THAT(complaint({"--object", OBJECT, "--object", OBJECT, "--object", OBJECT, scan_}),
                HasSubstr("more than twice"));
    EXPECT_THAT(complaint({"--b", "max-ports=4", directory_ / "none.scenario.toml"}),
                HasSubstr("none.scenario.toml"));
}

TEST_F(CompareTest, WithoutCapabilitiesItNamesThemAndIsStatus3) {
    EXPECT_THAT(complaint({"--b", "max-ports=4", scan_}, 3, Rights::none), HasSubstr("CAP_BPF"));
}

} // namespace
} // namespace portscan
