// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/command_checks.h"
#include "tests/command_runner.h"
#include "tests/page_data.h"
#include "tests/syn_capture.h"
#include "tests/temporary_directory.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/stat.h>

namespace portscan {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class TuneTest : public ::testing::Test {
  protected:
    void SetUp() override {
        syns("scan.pcap").from("10.0.0.1", {1, 2, 3, 4, 5, 6, 7, 8}).close();
        syns("honest.pcap").from("10.0.1.1", {20, 21, 22, 23}).close();
    }
    SynCapture syns(const std::string &name) const {
        return SynCapture{directory_ / name, std::chrono::milliseconds{1}};
    }
    std::string labels(const std::string &rows, const std::string &name = "labels.csv") const {
        std::ofstream{directory_ / name} << "capture,filter,scanners\n" << rows;
        return directory_ / name;
    }
    static CommandResult tune(std::vector<std::string> arguments, Rights rights = Rights::kept) {
        arguments.insert(arguments.begin(), "tune");
        return run_command(arguments, rights);
    }
    static json tuned(std::vector<std::string> arguments, int status = 0) {
        arguments.insert(arguments.begin(), "--json");
        const auto objects = json_lines(tune(arguments), status);
        EXPECT_THAT(objects, SizeIs(1));
        return objects.empty() ? json{} : objects[0];
    }
    /// Of settings that cost little.
    static std::string complaint(std::vector<std::string> arguments, int status = 2,
                                 Rights rights = Rights::kept) {
        arguments.insert(arguments.end(), {"--max-ports", "3", "--window", "60s"});
        return one_complaint(tune(arguments, rights), status);
    }
    static json figures(const json &setting) {
        json figures = json::array();
        for (const char *name : {"caught", "missed", "probes_passed", "probes_dropped", "wronged",
                                 "honest_probes_dropped", "honest_packets_dropped"})
            figures.push_back(setting[name]);
        return figures;
    }

    test::TemporaryDirectory directory_;
    std::string both_ = labels("scan.pcap,,10.0.0.1\nhonest.pcap,,\n");
};

/// The figures were reckoned by another program, which shares nothing with this one: it reads the
/// captures and follows docs/detection.md.
TEST_F(TuneTest, FiguresOfRecordedCaptures) {
    const std::string recorded = PORTSCAN_SOURCE_DIR "/pcaps/labels.csv";
    const json result = tuned({recorded, "--max-ports", "3,5", "--window", "60s,2m", "--also",
                               "window=2m,ignore-ports=50000-55999"});
    EXPECT_EQ(result["schema"], "xdp-portscan-sim/tune/1");
    EXPECT_EQ(result["scanners"], 6);
    EXPECT_EQ(result["honest"], 8);
    const json &settings = result["settings"];
    ASSERT_THAT(settings, SizeIs(5));
    EXPECT_EQ(settings[0]["setting"], "max-ports=3,window=1m");
    EXPECT_EQ(figures(settings[0]), json::parse("[4, 2, 17, 1394, 1, 6, 61]"));
    EXPECT_EQ(settings[1]["setting"], "max-ports=3,window=2m");
    EXPECT_EQ(figures(settings[1]), json::parse("[5, 1, 15, 1396, 1, 6, 61]"));
    EXPECT_EQ(settings[2]["setting"], "max-ports=5,window=1m");
    EXPECT_EQ(figures(settings[2]), json::parse("[4, 2, 25, 1386, 1, 4, 43]"));
    EXPECT_EQ(figures(settings[3]), json::parse("[4, 2, 25, 1386, 1, 4, 43]"));
    EXPECT_EQ(settings[4]["setting"], "max-ports=3,window=2m,ignore-ports=50000-55999");
    EXPECT_EQ(figures(settings[4]), json::parse("[5, 1, 15, 1396, 0, 0, 0]"));
    EXPECT_EQ(settings[0]["probes_before_block"], json::parse(R"({"median": 3, "worst": 3})"));
    EXPECT_EQ(settings[2]["probes_before_block"], json::parse(R"({"median": 5, "worst": 5})"));
    EXPECT_EQ(result["recommended"]["setting"], 4);

    const json &wronged = settings[0]["wronged_sources"];
    ASSERT_THAT(wronged, SizeIs(1));
    EXPECT_EQ(wronged[0]["source"], "10.11.0.2");
    EXPECT_THAT(result["captures"][wronged[0]["capture"].get<std::size_t>()]["capture"],
                HasSubstr("honest-ftp-passive-many.pcap"));
    std::vector<std::string> missed;
    for (const json &one : settings[0]["scanners"])
        if (!one["blocked"].get<bool>())
            missed.push_back(result["captures"][one["capture"].get<std::size_t>()]["capture"]);
    EXPECT_THAT(missed, ElementsAre(HasSubstr("nmap-slower"), HasSubstr("nmap-ack")));
    EXPECT_EQ(settings[0]["scanners"][4]["source"], "fd11:0:0:1::/64");
}

TEST_F(TuneTest, TableHasTheFrontierAndTheRecommendation) {
    const CommandResult result = tune({both_, "--max-ports", "2,3,6,8", "--window", "60s"});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out,
                AllOf(HasSubstr("2 captures with 1 scanner and 1 honest source, 4 settings\n"),
                      HasSubstr("\n* max-ports=6 "), HasSubstr("\n  max-ports=2 "),
                      HasSubstr("\n  max-ports=3 "), Not(HasSubstr("\n  max-ports=8 ")),
                      HasSubstr("recommended: --max-ports 6\n"),
                      HasSubstr("it catches 1 of 1 scanner and wrongs nobody; no setting catches "
                                "more.\n")));
}

TEST_F(TuneTest, SomeMayBeWrongedIfThatCatchesMore) {
    const std::string file = labels("scan.pcap,,10.0.0.1\nhonest.pcap,,\n"
                                    "honest.pcap,tcp dst portrange 20-22,10.0.1.1\n");
    const std::vector<std::string> sweep{file, "--max-ports", "2,4", "--window", "60s"};
    auto may = sweep;
    may.insert(may.end(), {"--may-wrong", "1"});
    EXPECT_EQ(tuned(sweep)["recommended"]["flags"], "--max-ports 4");
    EXPECT_EQ(tuned(may)["recommended"]["flags"], "--max-ports 2");
    EXPECT_EQ(tuned(may)["recommended"]["may_wrong"], 1);
}

TEST_F(TuneTest, FilterSelectsAndCapturesStartEmpty) {
    const std::string file = labels("scan.pcap,tcp dst portrange 1-3,10.0.0.1\n"
                                    "scan.pcap,tcp dst portrange 4-7,10.0.0.1\n");
    const json result = tuned({file, "--max-ports", "3", "--window", "60s"});
    EXPECT_EQ(result["captures"][0]["packets"], 8);
    EXPECT_EQ(result["captures"][0]["not_selected"], 5);
    EXPECT_EQ(figures(result["settings"][0]), json::parse("[1, 1, 6, 1, 0, 0, 0]"));
}

TEST_F(TuneTest, PrefixLabelsItsSourcesThatProbe) {
    syns("many.pcap")
        .from("10.0.0.1", {1, 2, 3, 4})
        .from("10.0.0.2", {1})
        .from("10.0.7.1", {1, 2, 3, 4})
        .close();
    const std::string file = labels("many.pcap,,10.0.0.0/24\n");
    const json setting = tuned({file, "--max-ports", "3", "--window", "60s"})["settings"][0];
    EXPECT_EQ(figures(setting), json::parse("[1, 1, 4, 1, 1, 1, 1]"));
    EXPECT_EQ(setting["scanners"][0]["source"], "10.0.0.2");
    EXPECT_EQ(setting["wronged_sources"][0]["source"], "10.0.7.1");
}

/// A smaller registry than the default would have forgotten the scanner meanwhile, and does where
/// it is what was asked for.
TEST_F(TuneTest, RegistriesAreAsLargeAsTheSettingHasThem) {
    SynCapture flood = syns("flood.pcap");
    flood.from("10.0.0.1", {1, 2});
    for (unsigned i = 0; i < 70'000; ++i)
        flood.from(fmt::format("10.{}.{}.{}", 100 + (i >> 16), (i >> 8) & 255, i & 255), {80});
    flood.from("10.0.0.1", {3, 4, 5}).close();
    const json settings = tuned({labels("flood.pcap,,10.0.0.1\n"), "--max-ports", "3", "--window",
                                 "1h", "--max-sources", "default,16384"})["settings"];
    EXPECT_EQ(settings[0]["options"]["max-sources"], 1'000'000);
    EXPECT_EQ(figures(settings[0]), json::parse("[1, 0, 3, 2, 0, 0, 0]"));
    EXPECT_EQ(figures(settings[1]), json::parse("[0, 1, 5, 0, 0, 0, 0]"));
}

TEST_F(TuneTest, JobsChangeNothing) {
    const std::string file = labels("scan.pcap,,10.0.0.1\nhonest.pcap,,\nhonest.pcap,tcp,\n");
    const std::vector<std::string> sweep{file, "--max-ports", "2..4", "--window", "60s"};
    auto one = sweep, many = sweep;
    one.insert(one.end(), {"--jobs", "1"});
    many.insert(many.end(), {"--jobs", "7"});
    EXPECT_EQ(tuned(one), tuned(many));
}

TEST_F(TuneTest, FilesAreWrittenBesideTheTable) {
    const std::string lines = directory_ / "tune.json", page = directory_ / "tune.html";
    const CommandResult result =
        tune({both_, "--max-ports", "3", "--window", "60s", "--json=" + lines, "--html", page});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("recommended: the defaults\n"));
    const auto data = page_data(read_file(page), "id=\"tuning\"");
    ASSERT_THAT(data, SizeIs(1));
    EXPECT_EQ(data[0], json::parse(read_file(lines)));
    EXPECT_EQ(data[0]["settings"][0]["setting"], "default options");
}

TEST_F(TuneTest, LabelsThatCannotBeUsedAreNamedByFileAndLine) {
    const auto second = [&](const std::string &row) {
        return complaint({labels("scan.pcap,,10.0.0.1\n" + row + "\n")});
    };
    EXPECT_THAT(second("none.pcap,,"),
                AllOf(HasSubstr("labels.csv:3: "), HasSubstr("none.pcap: No such file")));
    ASSERT_EQ(mkfifo((directory_ / "pipe").c_str(), 0600), 0);
    EXPECT_THAT(second("pipe,,"), HasSubstr("labels.csv:3: ")) << "and does not wait for a writer";
    EXPECT_THAT(second("labels.csv,,"), AllOf(HasSubstr("labels.csv:3: "), HasSubstr("capture")));
    EXPECT_THAT(second("honest.pcap,dst hots 10.0.0.9,"),
                AllOf(HasSubstr("labels.csv:3: "), HasSubstr("filter 'dst hots 10.0.0.9'")));
    EXPECT_THAT(second("honest.pcap,,10.0.0.x"),
                HasSubstr("labels.csv:3: '10.0.0.x' is no address or prefix"));
    EXPECT_THAT(second("honest.pcap,,10.0.0.1"),
                AllOf(HasSubstr("labels.csv:3: "), HasSubstr("honest.pcap: 10.0.0.1 is labelled as "
                                                             "a scanner and sends nothing in it")));
    EXPECT_THAT(second("honest.pcap,udp,10.0.1.1"), HasSubstr("in what the filter selects"));
    EXPECT_THAT(complaint({directory_ / "none.csv"}), HasSubstr("none.csv: cannot be read"));
}

TEST_F(TuneTest, EverythingThatIsWrongIsNamedAtOnce) {
    const CommandResult result = tune({labels("none.pcap,,\nscan.pcap,,10.9.9.9\n")});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, AllOf(HasSubstr("labels.csv:2: "), HasSubstr("labels.csv:3: ")));
    EXPECT_EQ(result.out, "");
}

TEST_F(TuneTest, EveryFileOfLabelsIsRead) {
    const CommandResult result =
        tune({labels("scan.pcap\n", "one.csv"), labels("-,,\n", "other.csv")});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, AllOf(HasSubstr("one.csv:2: "), HasSubstr("other.csv:2: ")));
}

TEST_F(TuneTest, AllLabelsOfNobodyAreNamed) {
    EXPECT_THAT(complaint({labels("scan.pcap,,10.0.0.1;10.9.9.9;10.8.0.0/16\n")}),
                HasSubstr("10.9.9.9, 10.8.0.0/16 are labelled as scanners and send nothing in it"));
}

TEST_F(TuneTest, InterruptedItSaysThatThereIsNoTable) {
    const std::string pipe = directory_ / "pipe.csv";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    const CommandResult result = run_command({"tune", pipe}, Rights::kept, [&](pid_t process) {
        std::ofstream rows{pipe}; // opens once it is read
        rows << "capture,filter,scanners\nscan.pcap,,10.0.0.1\n" << std::flush;
        kill(process, SIGINT);
    });
    EXPECT_EQ(result.status, -1); // the signal's
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr("interrupted: there is no table"));
}

TEST_F(TuneTest, MoreThreadsThanThereIsRoomForAreALine) {
    std::string rows;
    for (unsigned port = 1; port <= 64; ++port)
        rows += fmt::format("scan.pcap,port {} or host 10.0.0.1,10.0.0.1\n", port);
    const std::string file = labels(rows);
    rlimit normal{};
    getrlimit(RLIMIT_AS, &normal);
    const rlimit little{.rlim_cur = 400'000'000, .rlim_max = normal.rlim_max}; // 50 stacks
    setrlimit(RLIMIT_AS, &little);
    const std::string said = complaint({file, "--jobs", "64"}, 3);
    setrlimit(RLIMIT_AS, &normal);
    EXPECT_THAT(said, HasSubstr("start a thread; ask for fewer with --jobs"));
}

TEST_F(TuneTest, DamagedCaptureCountsUpToThereAndIsStatus2) {
    const std::string scan = directory_ / "scan.pcap";
    std::filesystem::resize_file(scan, std::filesystem::file_size(scan) - 1);
    const json result = tuned({both_, "--max-ports", "3", "--window", "60s"}, 2);
    EXPECT_EQ(result["captures"][0]["packets"], 7);
    EXPECT_TRUE(result["captures"][0]["damage"].is_string());
    EXPECT_EQ(figures(result["settings"][0]), json::parse("[1, 0, 3, 4, 1, 1, 1]"));
    EXPECT_THAT(tune({both_, "--max-ports", "3", "--window", "60s"}).out,
                HasSubstr("\n  a capture was read only in part: "));
}

TEST_F(TuneTest, WhatTheFiguresCannotShowIsSaid) {
    const auto warnings = [&](const std::string &rows) {
        const CommandResult result = tune({labels(rows), "--max-ports", "3", "--window", "60s"});
        EXPECT_EQ(result.status, 0) << result.err;
        return result.err;
    };
    EXPECT_THAT(warnings("honest.pcap,,\n"), HasSubstr("no scanner is labelled"));
    EXPECT_THAT(warnings("scan.pcap,,10.0.0.1\n"), HasSubstr("no honest source"));
    EXPECT_THAT(warnings("scan.pcap,,10.0.0.1\nhonest.pcap,udp,\n"), HasSubstr("labels.csv:3: "));
}

TEST_F(TuneTest, BadUsageIsOneLine) {
    complaint({});
    EXPECT_THAT(one_complaint(tune({both_, "--max-ports", "2..17"}), 2),
                HasSubstr("max-ports: '17'"));
    EXPECT_THAT(one_complaint(tune({both_, "--window", "10"}), 2), HasSubstr("window: '10'"));
    EXPECT_THAT(complaint({both_, "--dry-run"}), HasSubstr("--dry-run"));
    EXPECT_THAT(complaint({both_, "--also", "max-prots=3"}),
                HasSubstr("also: no option 'max-prots'"));
    EXPECT_THAT(complaint({both_, "--may-wrong", "-1"}), HasSubstr("--may-wrong"));
    EXPECT_THAT(complaint({both_, "--jobs", "0"}), HasSubstr("--jobs"));
    EXPECT_THAT(complaint({both_, "--html", directory_ / "scan.pcap"}),
                HasSubstr("is the capture itself"));
    EXPECT_THAT(complaint({both_, "--json=" + both_}), HasSubstr("name another file"));
    EXPECT_THAT(complaint({both_, "--html", "/none/there.html"}), HasSubstr("cannot be created"));
    EXPECT_THAT(complaint({both_, "--object", directory_ / "none.o"}), HasSubstr("none.o"));
}

TEST_F(TuneTest, WithoutCapabilitiesItNamesThemAndIsStatus3) {
    EXPECT_THAT(complaint({both_}, 3, Rights::none), HasSubstr("CAP_BPF"));
}

} // namespace
} // namespace portscan
