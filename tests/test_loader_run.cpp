// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/loader_test.h"

#include <algorithm>
#include <csignal>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sstream>

namespace portscan::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Json = nlohmann::json;

class LoaderRun : public LoaderTest {
  protected:
    void block_scanner() const {
        host.probe(scanner, {1, 2, 3, 4});
        ASSERT_EQ(host.command({"list", scanner}).status, 0);
    }
    /// True once the condition holds, within 10 seconds.
    static bool soon(const std::function<bool()> &holds) {
        for (int i = 0; i < 200; ++i) {
            if (holds()) return true;
            poll(nullptr, 0, 50);
        }
        return false;
    }
    bool attached() const { return host.probe("10.9.9.9", {0, 1, 2, 3, 4}).size() < 5; }
};

TEST_F(LoaderRun, LogsABlockWithItsReason) {
    const Process process = host.run();
    block_scanner();
    EXPECT_TRUE(process.says("blocked 10.0.0.1: threshold, ports 1 2 3, trigger port 4, "
                             "interface inside"))
        << process.errors();
}

TEST_F(LoaderRun, LogsWhatEndedOrWasDoneByHand) {
    const Process process = host.run({"--expire-interval", "100ms", "--block-for", "700ms"});
    host.command({"block", "10.0.0.7"});
    EXPECT_TRUE(process.says("blocked 10.0.0.7: by hand")) << process.errors();
    EXPECT_TRUE(process.says("unblocked 10.0.0.7: block-for is over")) << process.errors();
    block_scanner();
    host.command({"unblock", scanner});
    EXPECT_TRUE(process.says("unblocked 10.0.0.1: ")) << process.errors();
}

TEST_F(LoaderRun, FiltersOnWhenKilledAndTheNextOneAdopts) {
    Process first = host.run();
    block_scanner();
    const Json before = json({"status"});
    first.signal(SIGKILL);
    EXPECT_EQ(first.wait(), 128 + SIGKILL);
    EXPECT_THAT(host.probe(scanner, {1, 2}), IsEmpty());
    EXPECT_EQ(json({"status"})["running"], false);
    const Process second = host.run();
    EXPECT_THAT(host.probe(scanner, {1, 2}), IsEmpty());
    const Json after = json({"status"});
    EXPECT_EQ(after["counters"]["threshold"], 1);
    EXPECT_EQ(after["counters"]["blocked"], before["counters"]["blocked"].get<int>() + 4);
    EXPECT_EQ(after["pid"], second.pid());
}

TEST_F(LoaderRun, SigtermDetachesAndKeepsTheState) {
    for (const int signal : {SIGTERM, SIGINT}) {
        Process process = host.run();
        if (signal == SIGTERM) block_scanner();
        process.signal(signal);
        EXPECT_EQ(process.wait(), 0);
        EXPECT_THAT(host.probe(scanner, {9}), ElementsAre(9));
        EXPECT_EQ(host.command({"list", scanner}).status, 0);
    }
}

TEST_F(LoaderRun, KeepStaysAttached) {
    Process process = host.run({"--keep"});
    block_scanner();
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(), 0);
    EXPECT_THAT(host.probe(scanner, {9}), IsEmpty());
}

TEST_F(LoaderRun, TheSecondOneSaysWhoHoldsIt) {
    const Process process = host.run();
    const auto second = host.command({"run", "inside", "--listen", "off"});
    EXPECT_EQ(second.status, 1);
    EXPECT_THAT(second.errors, HasSubstr("(pid " + std::to_string(process.pid()) + ")"));
    EXPECT_EQ(host.load().status, 1);
    EXPECT_EQ(host.command({"unload", "--all", "--purge"}).status, 1);
    EXPECT_TRUE(attached());
}

TEST_F(LoaderRun, FollowsAnInterfaceThatGoesAndComesBack) {
    const Process process = host.run();
    block_scanner();
    host.ip("link del inside");
    EXPECT_TRUE(process.says("inside is gone"));
    host.make_pair();
    EXPECT_TRUE(process.says("attached to inside", 2)) << process.errors();
    EXPECT_THAT(host.probe(scanner, {9}), IsEmpty());
}

TEST_F(LoaderRun, StartsOverTheStaleLinkOfAnInterfaceThatWasReplaced) {
    Process process = host.run();
    process.signal(SIGKILL);
    process.wait();
    host.ip("link del inside");
    host.make_pair();
    const Process next = host.run();
    EXPECT_TRUE(attached()) << next.errors();
}

TEST_F(LoaderRun, DoesNotAttachAgainWhatSomebodyUnloaded) {
    const Process process = host.run({"--expire-interval", "100ms"});
    EXPECT_EQ(host.command({"unload", "inside"}).status, 0);
    EXPECT_TRUE(process.says("inside was unloaded")) << process.errors();
    poll(nullptr, 0, 400);
    EXPECT_FALSE(attached());
}

TEST_F(LoaderRun, UnblockForAllowsForThatLong) {
    const Process process = host.run({"--expire-interval", "100ms"});
    block_scanner();
    EXPECT_EQ(host.command({"unblock", scanner, "--for", "1500ms"}).status, 0);
    EXPECT_THAT(host.probe(scanner, {1, 2, 3, 4, 5}), ElementsAre(1, 2, 3, 4, 5));
    EXPECT_TRUE(process.says("10.0.0.1 is not allowed any longer")) << process.errors();
    EXPECT_THAT(host.probe(scanner, {1, 2, 3, 4, 5}), ElementsAre(1, 2, 3));
}

TEST_F(LoaderRun, NotConfirmedInTimeItDetaches) {
    Process process = host.run({"--confirm", "1s"});
    EXPECT_TRUE(attached());
    EXPECT_EQ(process.wait(), 1);
    EXPECT_FALSE(attached());
    EXPECT_EQ(host.command({"confirm"}).status, 1);
}

TEST_F(LoaderRun, KilledBeforeItIsConfirmedItDetachesAtOnce) {
    Process process = host.run({"--confirm", "1h"});
    EXPECT_TRUE(attached());
    process.signal(SIGKILL);
    process.wait();
    EXPECT_TRUE(soon([this] { return !attached(); }));
}

TEST_F(LoaderRun, ConfirmedItStaysAttachedWhenKilled) {
    Process process = host.run({"--confirm", "1h"});
    EXPECT_EQ(host.command({"confirm"}).status, 0);
    EXPECT_EQ(host.command({"confirm"}).status, 1) << "nothing is waiting any more";
    process.signal(SIGKILL);
    process.wait();
    EXPECT_TRUE(attached());
}

TEST_F(LoaderRun, ReloadReadsTheConfigurationAnew) {
    const std::string config = host / "config.toml";
    std::ofstream{config} << "max-ports = 5\nallow = [\"192.0.2.1\"]\n";
    const Process process = host.run({"--config", config});
    EXPECT_THAT(host.probe("10.0.0.5", {1, 2, 3, 4, 5, 6}), ElementsAre(1, 2, 3, 4, 5));
    host.command({"allow", "add", "192.0.2.2"});
    std::ofstream{config} << "max-ports = 1\n";
    process.signal(SIGHUP);
    ASSERT_TRUE(process.says("reloaded")) << process.errors();
    EXPECT_THAT(host.probe("10.0.0.6", {1, 2}), ElementsAre(1));
    EXPECT_THAT(host.probe("10.0.0.5", {1}), IsEmpty()) << "blocks are kept";
    EXPECT_EQ(json({"allow", "list"}).size(), 1U) << "that of the operator";
    std::ofstream{config} << "max-prots = 1\n";
    process.signal(SIGHUP);
    EXPECT_TRUE(process.says("reload: ")) << process.errors();
    EXPECT_THAT(host.probe("10.0.0.8", {1, 2}), ElementsAre(1)) << "goes on as before";
}

TEST_F(LoaderRun, GoesOnWithTheThreeCapabilitiesOnly) {
    const Process process = host.run();
    std::ifstream status{"/proc/" + std::to_string(process.pid()) + "/status"};
    unsigned sets = 0;
    for (std::string line; std::getline(status, line);) {
        if (!line.starts_with("CapPrm") && !line.starts_with("CapEff")) continue;
        const auto mask = std::stoull(line.substr(line.find(':') + 1), nullptr, 16);
        EXPECT_EQ(mask, 1ULL << 12 | 1ULL << 38 | 1ULL << 39) << line;
        ++sets;
    }
    EXPECT_EQ(sets, 2U);
}

TEST_F(LoaderRun, TellsOfAPortInUseBeforeItAttaches) {
    host.ip("link set lo up");
    const Process first{{PORTSCAN_BINARY, "run", "inside", "--listen", "127.0.0.1:7979",
                         "--max-sources", "100", "--pin-dir", host.pin_dir()},
                        host / "first"};
    ASSERT_TRUE(first.says("running")) << first.errors();
    const auto second = host.execute({PORTSCAN_BINARY, "run", "outside", "--listen",
                                      "127.0.0.1:7979", "--pin-dir", host.pin_dir() + "2"});
    EXPECT_EQ(second.status, 1);
    EXPECT_THAT(second.errors, HasSubstr("7979"));
    EXPECT_EQ(std::count(second.errors.begin(), second.errors.end(), '\n'), 1) << second.errors;
}

TEST_F(LoaderRun, ServesMetrics) {
    host.ip("link set lo up");
    const Process process{{PORTSCAN_BINARY, "run", "inside", "--listen", "127.0.0.1:7979",
                           "--max-sources", "100", "--pin-dir", host.pin_dir()},
                          host / "run"};
    ASSERT_TRUE(process.says("running")) << process.errors();
    block_scanner();
    const auto metrics = host.execute({"curl", "-sS", "http://127.0.0.1:7979/metrics"});
    ASSERT_EQ(metrics.status, 0) << metrics.errors;
    EXPECT_THAT(metrics.output, HasSubstr("xdp_portscan_blocks_total 1"));
    EXPECT_THAT(metrics.output, HasSubstr("interface=\"inside\""));
    EXPECT_THAT(host.execute({"curl", "-sS", "http://127.0.0.1:7979/probe?module=default"}).output,
                HasSubstr("xdp_portscan_packets_XDP_DROP_count{"));
}

TEST_F(LoaderRun, FollowsTheDefaultRoute) {
    host.ip("addr add 10.0.0.9/24 dev inside");
    host.ip("route add default via 10.0.0.254");
    const Process process{{PORTSCAN_BINARY, "run", "default-route", "--listen", "off",
                           "--max-sources", "100", "--pin-dir", host.pin_dir(), "--expire-interval",
                           "100ms"},
                          host / "run"};
    ASSERT_TRUE(process.says("running")) << process.errors();
    EXPECT_TRUE(process.says("attached to inside"));
    EXPECT_TRUE(process.says("allowed 10.0.0.254 by itself: default gateway")) << process.errors();
    host.ip("link add other type veth peer name other-outside");
    host.ip("link set other up");
    host.ip("route replace default dev other");
    EXPECT_TRUE(process.says("attached to other")) << process.errors();
    EXPECT_TRUE(process.says("detached from inside")) << process.errors();
}

TEST_F(LoaderRun, LogsInJsonLines) {
    const Process process = host.run({"--log-format", "json"});
    block_scanner();
    EXPECT_TRUE(process.says("\"10.0.0.1\""));
    std::istringstream lines{process.errors()};
    unsigned count = 0;
    for (std::string line; std::getline(lines, line); ++count)
        EXPECT_TRUE(Json::accept(line)) << line;
    EXPECT_GE(count, 3U);
}

} // namespace
} // namespace portscan::test
