// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/peer.h"

#include <algorithm>
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

namespace portscan::test {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;
using testing::Not;
using Json = nlohmann::json;

/// Real scanners against a host with `run`, half of whose ports 71 to 90 listen.
class Scans : public testing::Test {
  protected:
    bool is_blocked(const std::string &source) const {
        return host.command({"list", source}).status == 0;
    }
    Json counters() const {
        return Json::parse(host.command({"status", "--json"}).output)["counters"];
    }

    LoaderHost host;
    Peer peer{host};
    Listeners listeners{{72, 74, 76, 78, 82, 84, 86, 88, 90}};
    Process web = serve_web_pages(host);
};

struct Scan {
    const char *name;
    std::vector<std::string> arguments; ///< of nmap
    unsigned answered;                  ///< ports that answer it where nobody hinders it
    bool ipv6 = false;
};
std::ostream &operator<<(std::ostream &out, const Scan &scan) {
    return out << scan.name;
}

class NmapScans : public Scans, public testing::WithParamInterface<Scan> {
  protected:
    unsigned scan(std::vector<std::string> more) const {
        const auto &kind = GetParam().arguments;
        more.insert(more.begin(), kind.begin(), kind.end());
        more.emplace_back(GetParam().ipv6 ? Peer::host_address6 : Peer::host_address);
        return peer.scan(more);
    }
};
// Open ports are silent to segments without SYN.
INSTANTIATE_TEST_SUITE_P(Of, NmapScans,
                         testing::Values(Scan{"Syn", {"-sS"}, 20}, Scan{"Connect", {"-sT"}, 20},
                                         Scan{"Null", {"-sN"}, 10}, Scan{"Fin", {"-sF"}, 10},
                                         Scan{"Xmas", {"-sX"}, 10},
                                         Scan{"SynOverIpv6", {"-6", "-sS"}, 20, true}),
                         testing::PrintToStringParamName());

TEST_P(NmapScans, LearnThreePortsAtMostAndAllOnceAllowed) {
    const Process loader = host.run();
    const Process browser = browse(peer, GetParam().ipv6);
    ASSERT_TRUE(browser.says("page", 2)) << browser.errors();
    EXPECT_THAT(scan({"-T5", "--max-retries", "1"}), AllOf(Ge(1U), Le(3U)));
    const std::string scanner = GetParam().ipv6 ? Peer::scanner6_network : Peer::scanner;
    EXPECT_TRUE(is_blocked(scanner));
    EXPECT_TRUE(loader.says("blocked ")) << loader.errors();

    const auto allowed = host.command({"allow", "add", scanner});
    EXPECT_THAT(allowed.output, HasSubstr("unblocked "));
    EXPECT_FALSE(is_blocked(scanner));
    EXPECT_EQ(scan({"-T4", "--max-retries", "3"}), GetParam().answered);

    const std::string so_far = browser.errors();
    const auto pages = std::count(so_far.begin(), so_far.end(), '\n');
    EXPECT_TRUE(browser.says("page", static_cast<unsigned>(pages) + 2));
    EXPECT_THAT(browser.errors(), Not(HasSubstr("failed")));
}

/// What masscan finds open among ports 71 to 90 from an address that the peer's kernel has not.
unsigned masscan(const Peer &peer) {
    const auto result =
        peer.execute({"timeout", "20", "masscan", "-e", "outside", "--router-mac", Peer::host_mac,
                      "--adapter-ip", "10.0.0.5", "--rate", "200", "--wait", "1", "-p", "71-90",
                      "-oL", "-", Peer::host_address});
    EXPECT_EQ(result.status, 0) << result.errors;
    std::istringstream lines{result.output};
    unsigned open = 0;
    for (std::string line; std::getline(lines, line);) open += line.starts_with("open tcp");
    return open;
}

TEST_F(Scans, MasscanLearnsThreePortsAtMostAndAllOnceAllowed) {
    const Process loader = host.run();
    EXPECT_LE(masscan(peer), 3U);
    EXPECT_TRUE(is_blocked("10.0.0.5"));
    ASSERT_EQ(host.command({"allow", "add", "10.0.0.4/30"}).status, 0);
    EXPECT_EQ(masscan(peer), 10U);
}

TEST_F(Scans, UnblockRestoresTheScannerAtOnce) {
    const Process loader = host.run();
    peer.scan({"-sS", "-T5", "--max-retries", "1", Peer::host_address});
    EXPECT_FALSE(peer.connects(90));
    ASSERT_EQ(host.command({"unblock", Peer::scanner}).status, 0);
    EXPECT_TRUE(peer.connects(90));
}

TEST_F(Scans, AKilledLoaderBlocksOnAndTheNextCountsOn) {
    Process first = host.run();
    const Process scan = peer.start(
        {"nmap", "-n", "-Pn", "-sS", "-T5", "--host-timeout", "1m", Peer::host_address}, "scan");
    ASSERT_TRUE(first.says("blocked 10.0.0.1")) << first.errors();
    first.signal(SIGKILL);
    ASSERT_EQ(first.wait(), 128 + SIGKILL);
    const Json killed = counters();
    EXPECT_FALSE(peer.connects(90));
    const Json later = counters();
    EXPECT_GT(later["blocked"], killed["blocked"]);
    const Process second = host.run();
    EXPECT_FALSE(peer.connects(90));
    const Json adopted = counters();
    EXPECT_GT(adopted["blocked"], later["blocked"]);
    EXPECT_EQ(adopted["recorded"], 3);
    EXPECT_EQ(adopted["blocks"], 1);
}

} // namespace
} // namespace portscan::test
