// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/file_descriptor.h"
#include "tests/loader_test.h"

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace portscan::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Json = nlohmann::json;

class LoaderCommands : public LoaderTest {
  protected:
    void load_and_block() const {
        ASSERT_EQ(host.load().status, 0);
        host.probe(scanner, {1, 2, 3, 4});
        ASSERT_EQ(host.command({"list", scanner}).status, 0);
    }
};

TEST_F(LoaderCommands, LoadAttachesAndBlocksAtTheFourthPort) {
    const auto loaded = host.load();
    ASSERT_EQ(loaded.status, 0) << loaded.errors;
    EXPECT_THAT(loaded.output, HasSubstr("attached to inside in native mode"));
    EXPECT_THAT(host.probe(scanner, {22, 23, 25, 80, 443, 22}), ElementsAre(22, 23, 25, 22));
    EXPECT_THAT(host.probe(scanner, {22, 8080}), IsEmpty());
    EXPECT_THAT(host.probe("10.0.0.2", {22, 80}), ElementsAre(22, 80));
}

TEST_F(LoaderCommands, PinsAreTheOwnersAlone) {
    ASSERT_EQ(host.load().status, 0);
    struct stat info {};
    ASSERT_EQ(stat(host.pin_dir().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700U);
    for (const char *name : {"pscan_ip_reg", "pscan_stats", "link_inside"}) {
        ASSERT_EQ(stat((host.pin_dir() + "/" + name).c_str(), &info), 0) << name;
        EXPECT_EQ(info.st_mode & 0777, 0600U) << name;
    }
}

TEST_F(LoaderCommands, ListSaysWhySinceWhenAndUntilWhen) {
    ASSERT_EQ(host.load({"--block-for", "1h"}).status, 0);
    host.probe(scanner, {22, 23, 25, 80});
    const auto people = host.command({"list", scanner});
    EXPECT_EQ(people.status, 0);
    EXPECT_THAT(people.output,
                AllOf(HasSubstr("10.0.0.1: blocked"), HasSubstr("22,23,25"), HasSubstr("port 80"),
                      HasSubstr("inside"), HasSubstr("(in 59m")));
    const Json list = json({"list", scanner});
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0]["ports"], Json({22, 23, 25}));
    EXPECT_EQ(list[0]["trigger_port"], 80);
    EXPECT_EQ(list[0]["interface"], "inside");
    const double since = std::stod(list[0]["since"].get<std::string>());
    EXPECT_NEAR(std::stod(list[0]["until"].get<std::string>()) - since, 3600, 0.001);
    EXPECT_NEAR(since, static_cast<double>(time(nullptr)), 30);
}

TEST_F(LoaderCommands, ListOfSomebodyWhoIsNotBlockedExitsWithOne) {
    load_and_block();
    host.probe("10.0.0.2", {22});
    EXPECT_EQ(host.command({"list", "10.0.0.2"}).status, 1);
    EXPECT_EQ(host.command({"list", "10.0.0.3"}).status, 1);
    EXPECT_EQ(host.command({"list"}).status, 0);
    EXPECT_EQ(json({"list"}).size(), 2U);
    EXPECT_EQ(json({"list", "--blocked"}).size(), 1U);
    EXPECT_EQ(json({"list", "10.0.0.2", "--blocked"}).size(), 0U);
    EXPECT_THAT(host.command({"list", "10.0.0.2", "--blocked"}).output,
                AllOf(HasSubstr("10.0.0.2: not blocked\n"), HasSubstr("ports       22")));
    EXPECT_EQ(json({"list", "10.0.0.0/24"}).size(), 2U);
    EXPECT_EQ(json({"list", "10.0.1.0/24"}).size(), 0U);
}

TEST_F(LoaderCommands, UnblockRestoresAtOnce) {
    load_and_block();
    const auto unblocked = host.command({"unblock", scanner});
    EXPECT_EQ(unblocked.status, 0);
    EXPECT_THAT(unblocked.output, HasSubstr("unblocked 10.0.0.1"));
    EXPECT_THAT(host.probe(scanner, {5, 6, 7, 8}), ElementsAre(5, 6, 7));
    EXPECT_EQ(host.command({"unblock", "10.0.0.0/8"}).status, 0);
    EXPECT_EQ(host.command({"list", scanner}).status, 1);
    EXPECT_EQ(host.command({"unblock"}).status, 2);
}

TEST_F(LoaderCommands, UnblockOfAnIpv6AddressFindsItsPrefix) {
    ASSERT_EQ(host.load().status, 0);
    EXPECT_EQ(host.command({"block", "2001:db8::5"}).status, 0);
    EXPECT_EQ(host.command({"list", "2001:db8::77"}).status, 0);
    const auto unblocked = host.command({"unblock", "2001:db8::9"});
    EXPECT_THAT(unblocked.output, AllOf(HasSubstr("2001:db8::9 is within the source 2001:db8::/64"),
                                        HasSubstr("unblocked 2001:db8::/64")));
    EXPECT_EQ(host.command({"list", "2001:db8::5"}).status, 1);
}

TEST_F(LoaderCommands, UnblockForNeedsARunningProcess) {
    load_and_block();
    const auto refused = host.command({"unblock", scanner, "--for", "1h"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.errors, HasSubstr("needs a running"));
    EXPECT_EQ(host.command({"list", scanner}).status, 0) << "left as it was";
}

TEST_F(LoaderCommands, DeletingARecordWithBpftoolUnblocks) {
    load_and_block();
    const auto deleted =
        host.execute({"bpftool", "map", "delete", "pinned", host.pin_dir() + "/pscan_ip_reg", "key",
                      "hex", "0a", "00", "00", "01"});
    ASSERT_EQ(deleted.status, 0) << deleted.errors;
    EXPECT_THAT(host.probe(scanner, {5, 6, 7, 8}), ElementsAre(5, 6, 7));
}

TEST_F(LoaderCommands, BlockIsInForceAndBounded) {
    ASSERT_EQ(host.load({"--max-blocked", "2"}).status, 0);
    EXPECT_EQ(host.command({"block", scanner, "10.0.0.2"}).status, 0);
    EXPECT_THAT(host.probe(scanner, {22}), IsEmpty());
    EXPECT_EQ(host.command({"block", scanner}).status, 0) << "already";
    const auto refused = host.command({"block", "10.0.0.3"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.errors, HasSubstr("--max-blocked"));
    EXPECT_EQ(host.command({"block", "10.0.0.0/24"}).status, 1);
    EXPECT_EQ(host.command({"block", "10.0.0.256"}).status, 2);
}

TEST_F(LoaderCommands, AllowLiftsABlockAndWins) {
    load_and_block();
    const auto added = host.command({"allow", "add", "10.0.0.0/24"});
    EXPECT_EQ(added.status, 0);
    EXPECT_THAT(added.output, HasSubstr("unblocked 10.0.0.1"));
    EXPECT_THAT(host.probe(scanner, {1, 2, 3, 4, 5}), ElementsAre(1, 2, 3, 4, 5));
    EXPECT_EQ(host.command({"block", scanner}).status, 1);
    EXPECT_EQ(host.command({"allow", "remove", "10.0.0.0/24"}).status, 0);
    EXPECT_EQ(host.command({"allow", "remove", "10.0.0.0/24"}).status, 1);
    EXPECT_THAT(host.probe(scanner, {1, 2, 3, 4, 5}), ElementsAre(1, 2, 3));
}

TEST_F(LoaderCommands, AllowListShowsOrigins) {
    ASSERT_EQ(host.load({"--allow", "192.0.2.0/24,2001:db8::1"}).status, 0);
    host.command({"allow", "add", "192.0.2.0/24", "198.51.100.7"});
    const Json list = json({"allow", "list"});
    ASSERT_EQ(list.size(), 3U);
    EXPECT_EQ(list[0]["prefix"], "192.0.2.0/24");
    EXPECT_EQ(list[0]["origins"], Json({"config", "manual"}));
    EXPECT_EQ(list[1]["origins"], Json({"manual"}));
    EXPECT_EQ(list[2]["prefix"], "2001:db8::1");
    ASSERT_EQ(host.load().status, 0) << "without the option: what it gave goes, by hand stays";
    EXPECT_EQ(json({"allow", "list"}).size(), 2U);
}

TEST_F(LoaderCommands, ExpirePrintsWhatItFreed) {
    ASSERT_EQ(host.load({"--window", "10ms", "--block-for", "20ms"}).status, 0);
    host.probe(scanner, {1, 2, 3, 4});
    host.probe("10.0.0.2", {1});
    const Json report = json({"expire"});
    EXPECT_EQ(report["blocks_freed"], 1);
    EXPECT_EQ(report["sources_freed"], 1);
    EXPECT_EQ(report["sources_left"], 0);
    EXPECT_EQ(json({"expire"})["blocks_freed"], 0);
}

TEST_F(LoaderCommands, StatusShowsAttachmentOptionsAndCounters) {
    ASSERT_EQ(host.load({"--max-ports", "2", "--ignore-ports", "80,8000-8100"}).status, 0);
    host.probe(scanner, {1, 2, 3, 80});
    const Json status = json({"status"});
    EXPECT_EQ(status["interfaces"][0]["interface"], "inside");
    EXPECT_EQ(status["interfaces"][0]["mode"], "native");
    EXPECT_EQ(status["interfaces"][0]["current"], true);
    EXPECT_EQ(status["options"]["max-ports"], "2");
    EXPECT_EQ(status["options"]["ignore-ports"], "80,8000-8100");
    EXPECT_EQ(status["counters"]["recorded"], 2);
    EXPECT_EQ(status["counters"]["threshold"], 1);
    EXPECT_EQ(status["blocked"], 1);
    EXPECT_EQ(status["running"], false);
    EXPECT_GT(status["kernel_memory_bytes"], 0);
    EXPECT_THAT(
        host.command({"status"}).output,
        HasSubstr("nothing expires, no metrics, no log (the filter decides all the same)\n"));
}

TEST_F(LoaderCommands, UnloadKeepsTheStateUnlessPurged) {
    load_and_block();
    EXPECT_EQ(host.command({"unload", "nosuch0"}).status, 1);
    EXPECT_EQ(host.command({"unload", "inside"}).status, 0);
    EXPECT_THAT(host.probe(scanner, {22}), ElementsAre(22));
    EXPECT_EQ(host.command({"list", scanner}).status, 0) << "the state is there";
    EXPECT_THAT(host.command({"status"}).output,
                HasSubstr("nothing expires, no metrics, no log\n"));
    ASSERT_EQ(host.load().status, 0);
    EXPECT_THAT(host.probe(scanner, {22}), IsEmpty());
    EXPECT_EQ(host.command({"unload", "--purge"}).status, 1) << "still attached";
    EXPECT_EQ(host.command({"unload", "--all", "--purge"}).status, 0);
    EXPECT_THAT(host.probe(scanner, {22}), ElementsAre(22));
    EXPECT_FALSE(std::filesystem::exists(host.pin_dir()));
}

TEST_F(LoaderCommands, WithoutStateSaysThatNothingIsLoaded) {
    for (const auto &arguments : std::vector<std::vector<std::string>>{{"status"},
                                                                       {"list"},
                                                                       {"unblock", "--all"},
                                                                       {"block", scanner},
                                                                       {"allow", "list"},
                                                                       {"expire"},
                                                                       {"unload", "--all"}}) {
        const auto result = host.command(arguments);
        EXPECT_EQ(result.status, 1) << arguments[0];
        EXPECT_THAT(result.errors, HasSubstr("nothing is loaded")) << arguments[0];
    }
}

TEST_F(LoaderCommands, LeavesNothingBehindWhereItCannotAttach) {
    const auto result = host.command({"load", "nosuch0"});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.errors, HasSubstr("no interface nosuch0"));
    EXPECT_EQ(host.command({"status"}).status, 1);
}

/// A program of two instructions that passes everything, attached as somebody else would.
FileDescriptor attach_foreign_program(int flags) {
    const std::array<bpf_insn, 2> instructions{
        bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_PASS},
        bpf_insn{.code = BPF_JMP | BPF_EXIT}};
    const FileDescriptor program{bpf_prog_load(BPF_PROG_TYPE_XDP, "somebody_else", "GPL",
                                               instructions.data(), instructions.size(), nullptr)};
    LIBBPF_OPTS(bpf_link_create_opts, options, .flags = static_cast<__u32>(flags));
    const int ifindex = static_cast<int>(if_nametoindex(LoaderHost::inside));
    return FileDescriptor{bpf_link_create(program.get(), ifindex, BPF_XDP, &options)};
}

TEST_F(LoaderCommands, LeavesSomebodyElsesProgramAlone) {
    for (const int flags : {XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE}) {
        const FileDescriptor link = attach_foreign_program(flags);
        ASSERT_GE(link.get(), 0);
        const auto refused = host.load();
        EXPECT_EQ(refused.status, 1);
        EXPECT_THAT(refused.errors,
                    AllOf(HasSubstr("another XDP program, id "), HasSubstr("somebody_else")));
        bpf_link_info info{};
        __u32 size = sizeof(info);
        ASSERT_EQ(bpf_obj_get_info_by_fd(link.get(), &info, &size), 0);
        EXPECT_EQ(info.xdp.ifindex, if_nametoindex(LoaderHost::inside));
        EXPECT_EQ(host.command({"status"}).status, 1) << "nothing is left behind";
    }
}

TEST_F(LoaderCommands, ModeIsAsAskedFor) {
    ASSERT_EQ(host.load({"--mode", "skb"}).status, 0);
    EXPECT_EQ(json({"status"})["interfaces"][0]["mode"], "skb");
    EXPECT_THAT(host.probe(scanner, {1, 2, 3, 4}), testing::SizeIs(testing::Le(4)));
    EXPECT_EQ(host.command({"list", scanner}).status, 0);
    ASSERT_EQ(host.load({"--mode", "native"}).status, 0);
    EXPECT_EQ(json({"status"})["interfaces"][0]["mode"], "native");
    EXPECT_EQ(host.load({"--mode", "quick"}).status, 2);
}

TEST_F(LoaderCommands, FallsBackToSkbAndSaysSo) {
    const auto native = host.command({"load", "lo", "--mode", "native"});
    EXPECT_EQ(native.status, 1);
    EXPECT_THAT(native.errors, HasSubstr("no native XDP"));
    const auto fallen_back = host.command({"load", "lo"});
    EXPECT_EQ(fallen_back.status, 0) << fallen_back.errors;
    EXPECT_THAT(fallen_back.output, HasSubstr("attached to lo in skb mode: "));
}

TEST_F(LoaderCommands, ServesJumboFrames) {
    host.ip("link set inside mtu 9000");
    host.ip("link set outside mtu 9000");
    const auto loaded = host.load();
    EXPECT_EQ(loaded.status, 0) << loaded.errors;
    EXPECT_THAT(loaded.output, HasSubstr("native"));
}

TEST_F(LoaderCommands, SeveralInterfacesShareOneRegistry) {
    host.ip("link add other type veth peer name other-outside");
    ASSERT_EQ(host.load().status, 0);
    ASSERT_EQ(
        host.command({"load", "other", "--max-sources", "100", "--max-sources6", "100"}).status, 0);
    EXPECT_EQ(json({"status"})["interfaces"].size(), 2U) << "load adds";
    host.probe(scanner, {1, 2, 3, 4});
    EXPECT_EQ(json({"list", "--blocked"}).size(), 1U);
}

TEST_F(LoaderCommands, NamesInterfacesWithADot) {
    host.ip("link set inside down");
    host.ip("link set inside name in.100");
    EXPECT_EQ(host.command({"load", "in.100", "--max-sources", "100"}).status, 0);
    EXPECT_EQ(json({"status"})["interfaces"][0]["interface"], "in.100");
    EXPECT_EQ(host.command({"unload", "in.100"}).status, 0);
}

TEST_F(LoaderCommands, BadUsageExitsWithTwo) {
    for (const auto &arguments : std::vector<std::vector<std::string>>{
             {"frobnicate"},
             {"load"},
             {"load", "inside", "--max-ports", "17"},
             {"list", "10.0.0.0/33"},
             {"unblock", "here"},
             {"allow"},
             {"allow", "add", "x"},
             {"load", "inside", "--config", "/nonexistent.toml"}}) {
        const auto result = host.command(arguments);
        EXPECT_EQ(result.status, 2) << arguments[0];
        EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << result.errors;
    }
}

TEST_F(LoaderCommands, WithoutCapabilitiesExitsWithThreeAndNamesThem) {
    const auto result =
        host.execute({"setpriv", "--inh-caps=-all", "--bounding-set=-perfmon,-sys_admin",
                      PORTSCAN_BINARY, "load", "inside", "--pin-dir", host.pin_dir()});
    EXPECT_EQ(result.status, 3) << result.errors;
    EXPECT_THAT(result.errors,
                AllOf(HasSubstr("CAP_PERFMON"), testing::Not(HasSubstr("CAP_BPF "))));
}

TEST_F(LoaderCommands, SaysWhereABpfFileSystemIsMissing) {
    const auto result =
        host.execute({"setpriv", "--inh-caps=-all", "--bounding-set=-sys_admin", PORTSCAN_BINARY,
                      "load", "inside", "--pin-dir", host / "elsewhere"});
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.errors, HasSubstr("no BPF file system at"));
}

} // namespace
} // namespace portscan::test
