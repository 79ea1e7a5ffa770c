// SPDX-License-Identifier: GPL-2.0-or-later
#include "bpf/portscan.h"
#include "loader/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <regex>
#include <sstream>

namespace portscan {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// Counter k reads 1000 + k.
MetricsSnapshot snapshot() {
    MetricsSnapshot result{
        .ipv4 = {.sources = 7, .sources_max = 100, .blocked = 3, .blocked_max = 50},
        .ipv6 = {.sources = 2, .sources_max = 10, .blocked = 1, .blocked_max = 5},
        .allow_entries = 4,
        .attached = {{"eth0", "native"}, {"a\"b\\", "skb"}},
        .version = "1.2.3",
        .object_sha256 = "abc"};
    for (unsigned key = 0; key < PORTSCAN_COUNTERS; ++key)
        result.counters.values.push_back(1000 + key);
    return result;
}

std::vector<std::string> lines_of(const std::string &text) {
    std::vector<std::string> lines;
    std::istringstream input{text};
    for (std::string line; std::getline(input, line);) lines.push_back(line);
    return lines;
}

TEST(Metrics, PacketsByVerdictAndReason) {
    const auto lines = lines_of(metrics_text(snapshot()));
    for (const char *const line :
         {"xdp_portscan_packets_total{verdict=\"pass\",reason=\"malformed\"} 1007",
          "xdp_portscan_packets_total{verdict=\"pass\",reason=\"recorded\"} 1014",
          "xdp_portscan_packets_total{verdict=\"drop\",reason=\"blocked\"} 1015",
          "xdp_portscan_packets_total{verdict=\"drop\",reason=\"threshold\"} 1016",
          "xdp_portscan_packets_total{verdict=\"drop\",reason=\"contention\"} 1019",
          "xdp_portscan_packets_total{verdict=\"aborted\",reason=\"fault\"} 1020"})
        EXPECT_THAT(lines, Contains(line));
}

TEST(Metrics, NothingIsDroppedInADryRun) {
    MetricsSnapshot dry = snapshot();
    dry.dry_run = true;
    const std::string text = metrics_text(dry);
    EXPECT_THAT(text, Not(HasSubstr("verdict=\"drop\"")));
    EXPECT_THAT(text, HasSubstr("xdp_portscan_dry_run 1\n"));
}

TEST(Metrics, NamesOfTheSpecificationHaveTheirValues) {
    const auto lines = lines_of(metrics_text(snapshot()));
    for (const char *const line :
         {"xdp_portscan_probes_total 1005", "xdp_portscan_blocks_total 1022",
          "xdp_portscan_evictions_total 1023", "xdp_portscan_would_drop_total 1024",
          "xdp_portscan_events_lost_total 1025", "xdp_portscan_sources 9",
          "xdp_portscan_sources_max 110", "xdp_portscan_blocked_sources 4",
          "xdp_portscan_family_sources{family=\"ipv6\"} 2",
          "xdp_portscan_family_sources_max{family=\"ipv4\"} 100",
          "xdp_portscan_family_blocked_sources_max{family=\"ipv6\"} 5",
          "xdp_portscan_allow_entries 4",
          "xdp_portscan_attached{interface=\"eth0\",mode=\"native\"} 1",
          "xdp_portscan_attached{interface=\"a\\\"b\\\\\",mode=\"skb\"} 1",
          "xdp_portscan_build_info{version=\"1.2.3\",object_sha256=\"abc\"} 1"})
        EXPECT_THAT(lines, Contains(line));
}

TEST(Metrics, LargeCountersKeepEveryDigit) {
    MetricsSnapshot large = snapshot();
    large.counters.values[PORTSCAN_PROBES] = 1'234'567'890'123'456;
    EXPECT_THAT(metrics_text(large), HasSubstr("xdp_portscan_probes_total 1234567890123456\n"));
}

/// What promtool check metrics looks for: help and type before the samples of each name, once, and
/// counters that end with _total.
TEST(Metrics, FollowsTheConventions) {
    std::map<std::string, std::string> types;
    std::string helped;
    for (const std::string &line : lines_of(metrics_text(snapshot()))) {
        std::istringstream words{line};
        std::string hash, keyword, name, type;
        if (line.starts_with("# HELP ")) {
            words >> hash >> keyword >> helped >> type;
            EXPECT_FALSE(type.empty()) << line;
            EXPECT_FALSE(types.contains(helped)) << line;
        } else if (line.starts_with("# TYPE ")) {
            words >> hash >> keyword >> name >> type;
            EXPECT_EQ(name, helped);
            EXPECT_TRUE(std::regex_match(name, std::regex{"xdp_portscan_[a-z0-9_]+"})) << name;
            EXPECT_EQ(type == "counter", name.ends_with("_total")) << line;
            types[name] = type;
        } else {
            EXPECT_EQ(line.substr(0, line.find_first_of("{ ")), helped);
        }
    }
    EXPECT_GT(types.size(), 15U);
}

TEST(Metrics, ProbeHasTheNamesOfTheDashboards) {
    const auto lines = lines_of(probe_text(snapshot()));
    const std::vector<std::string> names{"packets_XDP_ABORTED_count",  "packets_XDP_DROP_count",
                                         "packets_XDP_PASS_count",     "packets_XDP_TX_count",
                                         "packets_XDP_REDIRECT_count", "packets_CONN_NEW_count",
                                         "IP_REG_SIZE_count"};
    for (std::size_t id = 0; id < names.size(); ++id) {
        EXPECT_THAT(lines, Contains("xdp_portscan_" + names[id] +
                                    "{bpf_program_name=\"xdp_port_scan_block\",id=\"" +
                                    std::to_string(id) + "\"} " + std::to_string(1000 + id)));
    }
}

TEST(MetricsResponse, KnowsItsPathsAndModules) {
    const auto status = [](const char *path, const char *query) {
        return metrics_response({path, query}, snapshot).status;
    };
    EXPECT_EQ(status("/", ""), 200);
    EXPECT_EQ(status("/metrics", ""), 200);
    EXPECT_EQ(status("/metrics", "x=y"), 200);
    EXPECT_EQ(status("/probe", "module=default"), 200);
    EXPECT_EQ(status("/probe", "target=x&module=default"), 200);
    EXPECT_EQ(status("/probe", ""), 200);
    EXPECT_EQ(status("/probe", "module=other"), 400);
    EXPECT_EQ(status("/probe", "module=default2"), 400);
    EXPECT_EQ(status("/metrics/", ""), 404);
    EXPECT_EQ(status("/etc/passwd", ""), 404);
}

TEST(MetricsResponse, SaysWhichFormatItIs) {
    EXPECT_EQ(metrics_response({"/metrics", ""}, snapshot).content_type,
              "text/plain; version=0.0.4; charset=utf-8");
}

} // namespace
} // namespace portscan
