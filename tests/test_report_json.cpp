// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/report_json.h"

#include "tests/replay_samples.h"

#include <chrono>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

std::string written(const ReplayReport &report, const ReplayContext &context = sample_context()) {
    std::ostringstream out;
    write_json(out, report, context);
    return out.str();
}

json parsed(const ReplayReport &report, const ReplayContext &context = sample_context()) {
    return json::parse(written(report, context));
}

TEST(ReportJson, IsOneLine) {
    const std::string text = written(sample_report());
    EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST(ReportJson, HasTheFieldsOfACapture) {
    const json report = parsed(sample_report());
    EXPECT_TRUE(report["schema"].is_string());
    EXPECT_EQ(report["capture"], "nmap-syn.pcap");
    EXPECT_EQ(report["object_sha256"], "0123456789abcdef");
    EXPECT_EQ(report["kernel"], "6.1.0");
    EXPECT_EQ(report["packets"], 2011);
    EXPECT_EQ(report["verdicts"],
              json::parse(R"({"pass":17,"drop":1991,"aborted":0,"tx":0,"redirect":0})"));
    EXPECT_EQ(report["skipped"], json::parse(R"({"too_short":2,"undecidable":1})"));
    EXPECT_EQ(report["not_selected"], 0);
    EXPECT_EQ(report["counters"]["xdp_drop"], 1991);
    EXPECT_EQ(report["sources_omitted"], 3);
    EXPECT_TRUE(report["damage"].is_null());
}

TEST(ReportJson, PacketsAreVerdictsPlusSkippedPlusNotSelected) {
    const json report = parsed(sample_report());
    std::uint64_t sum = report["not_selected"];
    for (const auto &count : report["verdicts"]) sum += count.get<std::uint64_t>();
    for (const auto &count : report["skipped"]) sum += count.get<std::uint64_t>();
    EXPECT_EQ(report["packets"], sum);
}

TEST(ReportJson, SourceAndBlockHaveTheirFields) {
    const json sources = parsed(sample_report())["sources"];
    ASSERT_EQ(sources.size(), 2u);
    EXPECT_EQ(sources[0], json::parse(R"({
        "address": "172.16.0.8", "state": "active", "blocked": true, "ports": [443, 143, 3306],
        "probes": 2000, "packets": 2001, "dropped": 1991, "passed_probes": 3, "answered": 1,
        "likely_honest": false,
        "likely_honest_reason": "2 of 67 ports answered, 0 handshakes completed", "first_seen": "1281737521.000000001",
        "blocks": [{"at": "1281737521.123456789", "frame": 4, "trigger_port": 80, "until": null}]
    })"));
    EXPECT_EQ(sources[1]["state"], "expired");
    EXPECT_EQ(sources[1]["ports"], json::parse("[0]"));
    EXPECT_EQ(sources[1]["blocks"], json::array());
    EXPECT_FALSE(sources[1].contains("host"));
}

TEST(ReportJson, ReplayForEachHostNamesThem) {
    ReplayReport report = sample_report();
    report.hosts = HostCounts{.replayed = 2, .left_out_packets = 7};
    for (SourceReport &source : report.sources) source.host = Address::parse("10.0.0.9");
    EXPECT_EQ(parsed(report)["hosts"], json::parse(R"({"replayed": 2, "left_out_packets": 7})"));
    EXPECT_EQ(parsed(report)["sources"][1]["host"], "10.0.0.9");
    EXPECT_FALSE(parsed(sample_report()).contains("hosts"));
}

TEST(ReportJson, SourceWithoutARecordHasNoState) {
    ReplayReport report = sample_report();
    report.sources[1].state.reset();
    EXPECT_TRUE(parsed(report)["sources"][1]["state"].is_null());
}

TEST(ReportJson, BlockByAnActionHasNeitherFrameNorTrigger) {
    ReplayReport report = sample_report();
    report.sources[0].blocks = {{.at_ns = 5, .until_ns = 1'000'000'007}};
    EXPECT_EQ(
        parsed(report)["sources"][0]["blocks"][0],
        json::parse(
            R"({"at":"0.000000005","frame":null,"trigger_port":null,"until":"1.000000007"})"));
}

TEST(ReportJson, OptionsGoByTheirNames) {
    ReplayContext context = sample_context();
    context.options = {.window = 90s,
                       .ignore_ports = {{80, 80}, {8000, 8100}},
                       .allow = {*Prefix::parse("10.0.0.0/8")},
                       .max_blocked = 7};
    EXPECT_EQ(parsed(sample_report(), context)["options"], json::parse(R"({
        "max-ports": 3, "window": "90s", "block-for": null, "block-scope": "tcp",
        "ignore-ports": ["80", "8000-8100"], "allow": ["10.0.0.0/8"], "ipv6-prefix": 64,
        "max-sources": 1000000, "max-sources6": 250000, "max-blocked": 7, "max-blocked6": null,
        "dry-run": false, "expire-interval": "10s"
    })"));
}

TEST(ReportJson, LatencyNamesTheProgramThatRan) {
    ReplayContext context = sample_context();
    EXPECT_EQ(parsed(sample_report(), context)["latency_ns"], json::parse(R"({
        "program": "rewritten", "p50": 90, "p90": 100, "p99": 210, "p999": 900, "max": 5000,
        "above_empty": {"p50": 50, "p90": 60, "p99": 170, "p999": 860, "max": 4960},
        "empty": {"p50": 40, "p90": 44, "p99": 50, "p999": 300, "max": 700, "packets": 1039},
        "histogram": [[95, 1500], [5119, 508]]
    })"));
    context.clock = Clock::wall;
    EXPECT_EQ(parsed(sample_report(), context)["latency_ns"]["program"], "shipped");
}

TEST(ReportJson, WithoutAFloorNothingIsSubtracted) {
    const json latency = parsed(honest_report())["latency_ns"];
    EXPECT_TRUE(latency["empty"].is_null());
    EXPECT_TRUE(latency["above_empty"].is_null());
    EXPECT_EQ(latency["histogram"], json::array());
    for (const char *figure : {"p50", "p90", "p99", "p999", "max"})
        EXPECT_TRUE(latency.at(figure).is_null()) << figure;
}

TEST(ReportJson, ManySourcesAreOneArray) {
    ReplayReport report = sample_report();
    report.sources.resize(2'000, report.sources[0]);
    EXPECT_EQ(parsed(report)["sources"].size(), 2'000u);
}

TEST(ReportJson, NamesThatAreNotUtf8DoNotBreakIt) {
    ReplayReport report = honest_report();
    report.capture = "caf\xe9\n\".pcap";
    report.damage = "caf\xe9: cut";
    EXPECT_EQ(parsed(report)["capture"], "caf\xef\xbf\xbd\n\".pcap");
    EXPECT_EQ(parsed(report)["damage"], "caf\xef\xbf\xbd: cut");
}

TEST(ReportJson, TimeIsSecondsAndNineDigits) {
    EXPECT_EQ(format_seconds(0), "0.000000000");
    EXPECT_EQ(format_seconds(1'000'000'001), "1.000000001");
    EXPECT_EQ(format_seconds(UINT64_MAX), "18446744073.709551615");
}

} // namespace
} // namespace portscan
