// SPDX-License-Identifier: GPL-2.0-or-later
// What an operator meets who makes mistakes, or meets them at a bad moment.
#include "tests/loader_test.h"

#include <csignal>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace portscan::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

class LoaderOperator : public LoaderTest {
  protected:
    /// `load` with another pin directory than the host's.
    CommandResult load_into(const std::string &pin_dir) const {
        return host.execute({PORTSCAN_BINARY, "load", "inside", "--no-auto-allow", "--max-sources",
                             "100", "--max-sources6", "100", "--pin-dir", pin_dir});
    }
};

TEST_F(LoaderOperator, APinDirectoryDeeperDownHidesNothingOfOthers) {
    ASSERT_EQ(host.execute({"mount", "-t", "bpf", "bpf", "/sys/fs/bpf"}).status, 0);
    std::filesystem::create_directory("/sys/fs/bpf/theirs");
    const auto loaded = load_into("/sys/fs/bpf/a/b/");
    EXPECT_EQ(loaded.status, 0) << loaded.errors;
    EXPECT_TRUE(std::filesystem::exists("/sys/fs/bpf/theirs")) << "nothing is mounted over it";
    EXPECT_TRUE(std::filesystem::exists("/sys/fs/bpf/a/b/link_inside"));
    EXPECT_EQ(load_into("/sys/fs/bpf").status, 1) << "everybody's";
}

TEST_F(LoaderOperator, NeverMountsOverAFolderThatHoldsSomething) {
    std::filesystem::create_directory(host / "full");
    std::ofstream{host / "full/file"} << "x";
    const auto refused = load_into(host / "full");
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.errors, HasSubstr("no BPF file system at"));
    EXPECT_TRUE(std::filesystem::exists(host / "full/file"));
}

TEST_F(LoaderOperator, InterfacesOfTheEnvironmentStandBetweenConfigurationAndCommandLine) {
    const std::string config = host / "config.toml";
    std::ofstream{config} << "interfaces = [\"nosuch0\"]\n";
    const auto load = [&](const char *variable, std::vector<std::string> more) {
        setenv("NET_IF_NAME", variable, 1);
        more.insert(more.begin(), {"load", "--no-auto-allow", "--max-sources", "100",
                                   "--max-sources6", "100", "--config", config});
        auto result = host.command(more);
        unsetenv("NET_IF_NAME");
        return result;
    };
    EXPECT_THAT(load("", {}).errors, HasSubstr("nosuch0")) << "as if it were not there";
    const auto wrong = load("in/side", {});
    EXPECT_EQ(wrong.status, 2);
    EXPECT_THAT(wrong.errors, AllOf(HasSubstr("NET_IF_NAME"), HasSubstr("in/side")));
    EXPECT_THAT(load("nosuch1", {"nosuch2"}).errors, HasSubstr("nosuch2"));
    const auto loaded = load("inside", {});
    EXPECT_EQ(loaded.status, 0) << loaded.errors;
    EXPECT_THAT(loaded.output, HasSubstr("attached to inside"));
}

TEST_F(LoaderOperator, AMachineWithoutSysIsToldWhatIsMissing) {
    ASSERT_EQ(host.execute({"mount", "-t", "tmpfs", "tmpfs", "/sys"}).status, 0);
    const auto refused = host.load();
    ASSERT_EQ(host.execute({"umount", "/sys"}).status, 0);
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.errors, HasSubstr("/sys/devices/system/cpu/possible"));
}

TEST_F(LoaderOperator, AMistypedCommandIsNamedAndOneIsSuggested) {
    EXPECT_THAT(host.execute({PORTSCAN_BINARY, "lst"}).errors,
                HasSubstr("'lst' is no command; did you mean 'list'?"));
    EXPECT_EQ(host.execute({PORTSCAN_BINARY, "frobnicate"}).status, 2);
}

TEST_F(LoaderOperator, AnIpv4AddressInIpv6ClothesIsNotTakenForAnIpv6Source) {
    ASSERT_EQ(host.load().status, 0);
    for (const auto &arguments :
         std::vector<std::vector<std::string>>{{"list", "::ffff:10.0.0.1"},
                                               {"allow", "add", "::ffff:10.0.0.0/120"},
                                               {"load", "inside", "--allow", "::ffff:10.0.0.1"}}) {
        const auto result = host.command(arguments);
        EXPECT_EQ(result.status, 2) << arguments[0];
        EXPECT_THAT(result.errors, HasSubstr("is 10.0.0.")) << arguments[0];
    }
}

TEST_F(LoaderOperator, AnIntervalThatWouldKeepACpuBusyIsRefused) {
    const auto refused = host.load({"--expire-interval", "1ns"});
    EXPECT_EQ(refused.status, 2);
    EXPECT_THAT(refused.errors, HasSubstr("expire-interval"));
}

TEST_F(LoaderOperator, LoadOnADefaultRouteThatIsNotThereFails) {
    const auto refused = host.command({"load", "default-route", "--max-sources", "100"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.errors, HasSubstr("no default route"));
}

TEST_F(LoaderOperator, UnblockForAllowsOnlyWhatWasBlocked) {
    const Process process = host.run();
    EXPECT_THAT(host.command({"unblock", scanner, "--for", "1h"}).output,
                HasSubstr("was not blocked, and is not allowed now"));
    EXPECT_EQ(json({"allow", "list"}).size(), 0U);
    EXPECT_THAT(host.command({"unblock", "10.0.0.0/8"}).output, HasSubstr("unblocked 0 sources"));
}

TEST_F(LoaderOperator, WhatWasAllowedForATimeDoesNotStayBecauseOthersAllowedItToo) {
    const std::string config = host / "config.toml";
    std::ofstream{config} << "allow = [\"10.0.0.1\"]\n";
    const Process process = host.run({"--config", config, "--expire-interval", "100ms"});
    host.command({"allow", "remove", scanner});
    ASSERT_EQ(host.command({"block", scanner}).status, 0);
    ASSERT_EQ(host.command({"unblock", scanner, "--for", "2s"}).status, 0);
    process.signal(SIGHUP);
    ASSERT_TRUE(process.says("reloaded"));
    EXPECT_EQ(json({"allow", "list"})[0]["origins"], Json({"config", "manual"}));
    std::ofstream{config} << "";
    process.signal(SIGHUP);
    ASSERT_TRUE(process.says("reloaded", 2));
    EXPECT_TRUE(process.says("10.0.0.1 is not allowed any longer")) << process.errors();
    EXPECT_EQ(json({"allow", "list"}).size(), 0U);
}

TEST_F(LoaderOperator, AnAllowlistedIpv6AddressIsNotBlockedByItsPrefix) {
    ASSERT_EQ(host.load({"--allow", "2001:db8::5"}).status, 0);
    EXPECT_EQ(host.command({"block", "2001:db8::5"}).status, 1);
    EXPECT_FALSE(is_blocked("2001:db8::5"));
    EXPECT_EQ(host.command({"block", "2001:db8::6"}).status, 0);
}

TEST_F(LoaderOperator, ABlockByHandInADryRunSaysThatNothingIsDropped) {
    ASSERT_EQ(host.load({"--dry-run"}).status, 0);
    EXPECT_THAT(host.command({"block", scanner}).output, HasSubstr("a dry run drops nothing"));
    EXPECT_THAT(host.command({"list", scanner}).output, HasSubstr("nothing is dropped"));
    EXPECT_EQ(json({"list", scanner})[0]["state"], "dry-run");
}

TEST_F(LoaderOperator, StatusShowsWhatWaitsToBeConfirmed) {
    const Process process = host.run({"--confirm", "1h"});
    const Json waiting = json({"status"})["interfaces"];
    ASSERT_EQ(waiting.size(), 1U);
    EXPECT_EQ(waiting[0]["attached"], true);
    EXPECT_EQ(waiting[0]["confirmed"], false);
    EXPECT_THAT(host.command({"status"}).output, HasSubstr("until confirmed"));
    for (const auto &arguments :
         std::vector<std::vector<std::string>>{{"unload", "inside"}, {"unload", "--all"}}) {
        const auto refused = host.command(arguments);
        EXPECT_EQ(refused.status, 1) << "never silently nothing";
        EXPECT_THAT(refused.errors, HasSubstr("until that is confirmed"));
    }
    ASSERT_EQ(host.command({"confirm"}).status, 0);
    EXPECT_EQ(json({"status"})["interfaces"][0]["confirmed"], true);
    EXPECT_EQ(host.command({"unload", "--all"}).status, 0);
    EXPECT_THAT(host.command({"unload", "--all"}).output, HasSubstr("not attached to any"));
}

TEST_F(LoaderOperator, PurgeAlsoClearsUpAfterAProcessThatWasKilledUnconfirmed) {
    Process process = host.run({"--confirm", "1h"});
    process.signal(SIGKILL);
    process.wait();
    EXPECT_EQ(host.command({"unload", "--all", "--purge"}).status, 0);
    EXPECT_FALSE(std::filesystem::exists(host.pin_dir()));
}

TEST_F(LoaderOperator, ConfirmOfWhatIsAttachedAlreadyHasNothingToDo) {
    ASSERT_EQ(host.load().status, 0);
    const Process process = host.run({"--confirm", "1s"});
    EXPECT_THAT(process.errors(), HasSubstr("nothing to confirm"));
}

TEST_F(LoaderOperator, RunOfWhatIsAttachedFollowsItsInterfaceToo) {
    ASSERT_EQ(host.load().status, 0);
    const Process process{{PORTSCAN_BINARY, "run", "--no-auto-allow", "--listen", "off",
                           "--max-sources", "100", "--max-sources6", "100", "--pin-dir",
                           host.pin_dir()},
                          host / "run"};
    ASSERT_TRUE(process.says("running")) << process.errors();
    host.ip("link del inside");
    ASSERT_TRUE(process.says("inside is gone")) << process.errors();
    host.make_pair();
    EXPECT_TRUE(process.says("attached to inside")) << process.errors();
}

TEST_F(LoaderOperator, AllowsItsGatewayAnewBeforeItAttachesAgain) {
    host.ip("addr add 10.0.0.9/24 dev inside");
    host.ip("route add default via 10.0.0.254");
    const Process process{{PORTSCAN_BINARY, "run", "inside", "--listen", "off", "--max-sources",
                           "100", "--max-sources6", "100", "--pin-dir", host.pin_dir()},
                          host / "run"};
    ASSERT_TRUE(process.says("running")) << process.errors();
    host.ip("link add other type veth peer name other-outside");
    host.ip("link set other up");
    host.ip("addr add 10.0.7.9/24 dev other");
    host.ip("link del inside");
    ASSERT_TRUE(process.says("inside is gone")) << process.errors();
    host.ip("route add default via 10.0.7.254");
    host.make_pair();
    EXPECT_TRUE(process.says("allowed 10.0.7.254 by itself")) << process.errors();
    EXPECT_TRUE(process.says("attached to inside", 2)) << process.errors();
    EXPECT_THAT(host.command({"allow", "list"}).output,
                AllOf(HasSubstr("10.0.7.254"), Not(HasSubstr("10.0.0.254"))));
}

TEST_F(LoaderOperator, ReloadChangesTheFormOfTheLog) {
    const std::string config = host / "config.toml";
    std::ofstream{config} << "log-format = \"text\"\n";
    const Process process = host.run({"--config", config});
    std::ofstream{config} << "log-format = \"json\"\n";
    process.signal(SIGHUP);
    ASSERT_TRUE(process.says("reloaded"));
    host.probe(scanner, {1, 2, 3, 4});
    EXPECT_TRUE(process.says("{\"event\":\"blocked\"")) << process.errors();
}

TEST_F(LoaderOperator, ARefusedReloadLeavesEveryOptionAsItWas) {
    const std::string config = host / "config.toml";
    std::ofstream{config} << "keep = true\n";
    Process process = host.run({"--config", config});
    ASSERT_EQ(host.command({"block", "10.0.0.2", "10.0.0.3"}).status, 0);
    std::ofstream{config} << "keep = false\nmax-blocked = 1\n";
    process.signal(SIGHUP);
    ASSERT_TRUE(process.says("reload: 2 IPv4 sources are blocked")) << process.errors();
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(), 0);
    EXPECT_EQ(json({"status"})["interfaces"].size(), 1U) << "it keeps, as before";
}

TEST_F(LoaderOperator, TellsOfAnInterfaceThatGotAnotherName) {
    const Process process = host.run();
    host.ip("link set inside down");
    host.ip("link set inside name renamed");
    EXPECT_TRUE(process.says("inside is another interface than before, or has another name now"))
        << process.errors();
}

} // namespace
} // namespace portscan::test
