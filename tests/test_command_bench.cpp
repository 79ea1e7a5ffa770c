// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/measure.h"
#include "tests/command_runner.h"
#include "tests/temporary_directory.h"

#include <algorithm>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

namespace portscan {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using Json = nlohmann::json;

const std::vector<std::string> short_bench{"bench",     "--quick",    "--sources", "1000",
                                           "--only",    "known-port", "--repeat",  "10000",
                                           "--samples", "100"};

std::vector<std::string> with(std::vector<std::string> arguments,
                              const std::vector<std::string> &more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

void check_single(const Json &cost, const std::string &what) {
    EXPECT_EQ(cost["samples"], 500) << what;
    const double bars[]{cost["p50"], cost["p90"], cost["p99"], cost["p999"], cost["max"]};
    EXPECT_TRUE(std::is_sorted(std::begin(bars), std::end(bars))) << what;
    EXPECT_GT(cost["empty"]["p50"], 0) << what;
    EXPECT_GT(cost["ratio"], 0) << what;
    std::uint64_t counted = 0;
    for (const Json &bar : cost["histogram"]) counted += bar[1].get<std::uint64_t>();
    EXPECT_EQ(counted, 500) << what;
    EXPECT_GE(cost["histogram"].back()[0], cost["max"]) << what;
}

TEST(BenchCommand, MeasuresEveryPath) {
    const CommandResult result = run_command({"bench", "--quick", "--json"});
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.err, IsEmpty());
    const Json json = Json::parse(result.out);
    EXPECT_EQ(json["schema"], "xdp-portscan-sim/bench/1");
    EXPECT_EQ(json["options"]["window"], "1d");
    EXPECT_EQ(json["plan"]["samples"], 500);

    std::map<std::string, std::set<std::string>> levels;
    std::map<std::string, double> above;
    for (const Json &path : json["paths"]) {
        const std::string name = path["path"];
        levels[name].insert(path["sources"].dump());
        const bool steady = !path["steady"].is_null();
        check_single(path["warm"], name);
        check_single(path["cold"], name);
        // Between 10 GHz and a tenth of one, whatever is beside it.
        EXPECT_GT(path["cycle_ns"]["value"], 0.1) << name;
        EXPECT_LT(path["cycle_ns"]["value"], 10) << name;
        EXPECT_GT(path["additions_per_cycle"]["value"], 1.2) << name << ": chains in a row";
        EXPECT_LT(path["additions_per_cycle"]["value"], 12) << name << ": not in registers";
        if (steady) {
            above[name] = path["steady"]["ns"];
            EXPECT_GT(path["steady"]["empty_ns"], 1) << name;
            const Json &most = path["steady"]["most_of_core"];
            const Json &least = path["steady"]["least_of_core"];
            EXPECT_GE(most["additions_per_cycle"], least["additions_per_cycle"]) << name;
            EXPECT_GT(least["additions_per_cycle"], 0) << name;
            EXPECT_EQ(most["rounds"], least["rounds"]) << name;
            EXPECT_GT(most["rounds"], 0) << name;
        }
        const bool two_cpus = !path[steady ? "steady_two_cpus" : "cold_two_cpus"].is_null();
        EXPECT_EQ(two_cpus, usable_cpus().size() > 1) << name;
    }
    const std::set<std::string> both{"1000", "\"full\""};
    for (const char *family : {"", "-ipv6"}) {
        for (const char *name :
             {"udp", "established", "established-known", "fragment", "malformed", "ignored-port",
              "allowlisted", "known-port", "vlan", "vlan-4-tags", "blocked", "blocked-segment",
              "blocked-scope-probes", "passed-scope-probes", "blocked-scope-all", "block-refused",
              "second-port", "third-port", "blocking"})
            EXPECT_EQ(levels[std::string{name} + family], both) << name << family;
        EXPECT_EQ(levels[std::string{"new-source"} + family], std::set<std::string>{"1000"});
        for (const char *name : {"registry-full", "flood"})
            EXPECT_EQ(levels[std::string{name} + family], std::set<std::string>{"\"full\""});
    }
    for (const char *name : {"not-ip", "ip-options", "extension-headers-ipv6",
                             "blocked-beside-allowed-ipv6", "allowed-in-blocked-ipv6"})
        EXPECT_EQ(levels[name], both) << name;
    EXPECT_EQ(levels.size(), 2 * 22 + 5);
    EXPECT_LT(above["not-ip"], above["allowlisted"]);
}

TEST(BenchCommand, SaysWhatEachPathIsJudged) {
    const CommandResult result =
        run_command({"bench", "--quick", "--sources", "1000", "--json", "--dry-run", "--max-ports",
                     "4", "--only", "blocking,known-port-ipv6", "--only", "malformed"});
    ASSERT_EQ(result.status, 0) << result.err;
    std::map<std::string, std::string> judged;
    const Json json = Json::parse(result.out);
    for (const Json &path : json["paths"])
        judged[path["path"]] =
            path["verdict"].get<std::string>() + " " + path["reason"].get<std::string>();
    const std::map<std::string, std::string> expected{{"blocking", "pass threshold"},
                                                      {"known-port-ipv6", "pass known"},
                                                      {"malformed", "pass malformed"}};
    EXPECT_EQ(judged, expected);
}

TEST(BenchCommand, PrintsATableAndWritesJsonBesideIt) {
    const test::TemporaryDirectory directory;
    const CommandResult result =
        run_command(with(short_bench, {"--json=" + (directory / "bench.json")}));
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, AllOf(HasSubstr("1000 sources"), HasSubstr("\nknown-port "),
                                  HasSubstr("±"), Not(HasSubstr("blocked"))));
    EXPECT_EQ(Json::parse(read_file(directory / "bench.json"))["paths"].size(), 1);
}

TEST(BenchCommand, ComparesWithABaselineAndSaysWhatToDo) {
    const test::TemporaryDirectory directory;
    const std::string file = directory / "old.json";
    ASSERT_EQ(run_command(with(short_bench, {"--json=" + file})).status, 0);
    const auto against = [&](double ratio) {
        Json json = Json::parse(read_file(file));
        json["paths"][0]["steady"]["ratio"] = ratio;
        std::ofstream{file} << json;
        return run_command(with(short_bench, {"--baseline", file}));
    };
    const CommandResult same = against(1'000);
    EXPECT_EQ(same.status, 0) << same.err;
    EXPECT_THAT(same.out, HasSubstr("ratio to the empty program"));
    EXPECT_THAT(same.err, IsEmpty());
    const CommandResult slower = against(0.01);
    EXPECT_EQ(slower.status, 1);
    EXPECT_THAT(slower.out, HasSubstr("slower"));
    EXPECT_THAT(slower.err, AllOf(StartsWith("xdp-portscan-sim: known-port, 1000 sources: "),
                                  HasSubstr("run it again"), HasSubstr("--json=" + file)));
}

TEST(BenchCommand, RefusesABaselineThatHoldsNoneOfThePaths) {
    const test::TemporaryDirectory directory;
    const std::string file = directory / "old.json";
    std::ofstream{file} << R"({"schema":"xdp-portscan-sim/bench/1","paths":[]})";
    const CommandResult result = run_command(with(short_bench, {"--baseline", file}));
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, HasSubstr("none of the paths"));
}

TEST(BenchCommand, ExitsThreeWhereAPacketIsJudgedOtherwise) {
    const CommandResult allowed = run_command(with(short_bench, {"--allow", "0.0.0.0/0"}));
    EXPECT_EQ(allowed.status, 3);
    EXPECT_THAT(allowed.err, HasSubstr("do the options allow, ignore or forget"));
    EXPECT_THAT(allowed.out, IsEmpty());
    const CommandResult forgotten =
        run_command(with(short_bench, {"--window", "300ms", "--rounds", "400"}));
    EXPECT_EQ(forgotten.status, 3);
    EXPECT_THAT(forgotten.err, HasSubstr("packets counted as "));
    const CommandResult wrong = run_command(
        {"bench", "--quick", "--sources", "1000", "--only", "blocking", "--object", WRONG_OBJECT});
    EXPECT_EQ(wrong.status, 3) << wrong.out;
}

TEST(BenchCommand, ExitsTwoForUsage) {
    const std::vector<std::vector<std::string>> wrong{{"--only", "known-prot"},
                                                      {"--only", "nonsense"},
                                                      {"--baseline", "/nowhere/x.json"},
                                                      {"--baseline", "/proc/self/exe"},
                                                      {"--json=/nowhere/x.json"},
                                                      {"--sources", "999"},
                                                      {"--sources", "many"},
                                                      {"--sources", "100000001"},
                                                      {"--repeat", "1"},
                                                      {"--rounds", "1"},
                                                      {"--samples", "1"},
                                                      {"--tolerance", "-1"},
                                                      {"--ipv6-prefix", "48"},
                                                      {"--max-blocked", "10"},
                                                      {"--max-sources", "1000"},
                                                      {"--object", "/nowhere/x.o"},
                                                      {"extra"}};
    for (std::vector<std::string> arguments : wrong) {
        arguments.insert(arguments.begin(), "bench");
        const CommandResult result = run_command(arguments);
        EXPECT_EQ(result.status, 2) << arguments[1] << ": " << result.err;
        EXPECT_THAT(result.err, StartsWith("xdp-portscan-sim: ")) << arguments[1];
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
        EXPECT_THAT(result.out, IsEmpty());
    }
    EXPECT_THAT(run_command({"bench", "--only", "known-prot"}).err,
                HasSubstr("did you mean known-port?"));
}

TEST(BenchCommand, ExitsThreeWithoutTheRightToRunBpf) {
    const CommandResult result = run_command(short_bench, Rights::none);
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.err, HasSubstr("CAP_BPF"));
}

} // namespace
} // namespace portscan
