// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/loader_host.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <csignal>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

namespace portscan::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char *scanner = "10.0.0.1";

/// What an operator may get wrong, and what a host may lack: one line each, which says what.
class LoaderBadInput : public testing::Test {
  protected:
    static void expect_one_line(const CommandResult &result, int status, const std::string &part) {
        EXPECT_EQ(result.status, status) << result.errors << result.output;
        EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << result.errors;
        EXPECT_THAT(result.errors, HasSubstr(part));
    }
    void remount(unsigned long flags) const {
        ASSERT_EQ(mount(nullptr, (host / "bpf").c_str(), nullptr, MS_REMOUNT | flags, nullptr), 0);
    }
    CommandResult run_here(const std::vector<std::string> &more) const {
        std::vector<std::string> arguments{"run", "--no-auto-allow", "--listen",
                                           "off", "--max-sources",   "100"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return host.command(arguments);
    }
    bool attached() const {
        return host.execute({"ip", "link", "show", "inside"}).output.find("xdp") !=
               std::string::npos;
    }

    LoaderHost host;
};

TEST_F(LoaderBadInput, MalformedAddressesAndPrefixes) {
    ASSERT_EQ(host.load().status, 0);
    host.probe(scanner, {1, 2, 3, 4});
    const std::vector<std::vector<std::string>> verbs{
        {"list"}, {"unblock"}, {"block"}, {"allow", "add"}, {"allow", "remove"}};
    for (const std::string wrong : {"10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1/", "10.0.0.0/33",
                                    "10.0.0.0/+8", "10.0.0.1 ", "fe80::1%inside", "2001:db8::/129",
                                    "1::2::3", "::ffff:10.0.0.1/200", "localhost", "ff"})
        for (auto arguments : verbs) {
            arguments.push_back(wrong);
            SCOPED_TRACE(arguments[0] + " " + wrong);
            expect_one_line(host.command(arguments), 2, wrong);
        }
    expect_one_line(host.command({"unblock", scanner, "10.0.0.256"}), 2, "10.0.0.256");
    EXPECT_EQ(host.command({"list", scanner}).status, 0) << "nothing is done by halves";
    expect_one_line(host.load({"--allow", "10.0.0.0/24,10.0.0.256"}), 2, "10.0.0.256");
    const std::string file = host / "allow";
    std::ofstream{file} << "192.0.2.1\nnot-an-address\n";
    expect_one_line(host.load({"--allow-file", file}), 2, "not-an-address");
    expect_one_line(host.load({"--allow-file", host / "missing"}), 2, "missing");
}

TEST_F(LoaderBadInput, VariablesThatAreNotSet) {
    ASSERT_EQ(host.load().status, 0);
    ASSERT_EQ(host.command({"block", "10.1.1.1"}).status, 0);
    for (const auto &arguments : std::vector<std::vector<std::string>>{
             {"list", ""}, {"unblock", ""}, {"block", ""}, {"unblock", "10.1.1.1", "--for", ""}}) {
        const auto result = host.command(arguments);
        EXPECT_EQ(result.status, 2) << arguments.front();
        EXPECT_THAT(result.errors, HasSubstr("xdp-portscan: ")) << arguments.front();
    }
    EXPECT_EQ(host.command({"list", "10.1.1.1"}).status, 0) << "blocked still";
}

TEST_F(LoaderBadInput, ConfigurationFiles) {
    struct Wrong {
        const char *text;
        const char *named;
    };
    const std::string config = host / "config.toml";
    for (const Wrong &wrong :
         {Wrong{"max-prots = 3\n", "max-prots"}, Wrong{"[detector]\nmax-ports = 3\n", "detector"},
          Wrong{"window = 60\n", "window"}, Wrong{"window = \"60\"\n", "window"},
          Wrong{"max-ports = 0\n", "max-ports"}, Wrong{"max-ports = true\n", "max-ports"},
          Wrong{"interfaces = [[\"inside\"]]\n", "interfaces"},
          Wrong{"listen = \"here\"\n", "listen"}, Wrong{"max-ports = \n", "config.toml"},
          Wrong{"mode = \"fast\"\n", "mode"}, Wrong{"max-ports = 3\nmax-ports = 4\n", "max-ports"},
          Wrong{"\xff\xfe", "config.toml"}}) {
        SCOPED_TRACE(wrong.text);
        std::ofstream{config} << wrong.text;
        expect_one_line(host.command({"load", "inside", "--config", config}), 2, wrong.named);
        expect_one_line(host.command({"run", "inside", "--config", config}), 2, wrong.named);
    }
    expect_one_line(host.command({"run", "inside", "--config", host / ""}), 2, host / "");
    EXPECT_FALSE(attached());
}

TEST_F(LoaderBadInput, UnknownInterfaces) {
    expect_one_line(run_here({"nosuch0"}), 1, "no interface nosuch0");
    expect_one_line(run_here({"inside", "nosuch0"}), 1, "no interface nosuch0");
    expect_one_line(run_here({"a-name-that-is-too-long"}), 2, "a-name-that-is-too-long");
    expect_one_line(run_here({"../inside"}), 2, "../inside");
    expect_one_line(run_here({}), 2, "interfaces");
    EXPECT_FALSE(attached()) << "all or nothing";
    expect_one_line(host.command({"load", "nosuch0"}), 1, "no interface nosuch0");
    EXPECT_FALSE(std::filesystem::exists(host.pin_dir())) << "nothing is made or mounted for it";
    expect_one_line(host.command({"status"}), 1, "nothing is loaded");
}

TEST_F(LoaderBadInput, NoNativeXdp) {
    expect_one_line(run_here({"lo", "--mode", "native"}), 1, "no native XDP");
}

TEST_F(LoaderBadInput, InterfaceThatVanishesBeforeItIsConfirmed) {
    const Process process = host.run({"--confirm", "1h"});
    host.ip("link del inside");
    EXPECT_TRUE(process.says("inside is gone")) << process.errors();
    host.make_pair();
    EXPECT_TRUE(process.says("attached to inside", 2)) << process.errors();
    EXPECT_EQ(host.command({"confirm"}).status, 0) << process.errors();
    process.signal(SIGKILL);
    EXPECT_TRUE(attached());
}

TEST_F(LoaderBadInput, ReloadKeepsItsMetricsWhereTheNewPortIsInUse) {
    host.ip("link set lo up");
    const std::string config = host / "config.toml";
    std::ofstream{config} << "listen = \"127.0.0.1:7001\"\n";
    const auto arguments = [&](const std::string &interface, const std::string &pins) {
        return std::vector<std::string>{PORTSCAN_BINARY, "run",       interface, "--max-sources",
                                        "100",           "--pin-dir", pins,      "--no-auto-allow"};
    };
    auto first = arguments("inside", host.pin_dir()), second = arguments("outside", host / "bpf/2");
    first.insert(first.end(), {"--config", config});
    second.insert(second.end(), {"--listen", "127.0.0.1:7002"});
    const Process one{first, host / "one"}, other{second, host / "other"};
    ASSERT_TRUE(one.says("running") && other.says("running")) << one.errors() << other.errors();
    std::ofstream{config} << "listen = \"127.0.0.1:7002\"\n";
    one.signal(SIGHUP);
    EXPECT_TRUE(one.says("reload: ")) << one.errors();
    EXPECT_THAT(one.errors(), HasSubstr("7002"));
    EXPECT_EQ(host.execute({"curl", "-sSf", "http://127.0.0.1:7001/metrics"}).status, 0);
}

TEST_F(LoaderBadInput, BpfFileSystemThatIsNotMountedIsMountedByRoot) {
    const std::string pins = host / "elsewhere";
    const auto loaded = host.execute({PORTSCAN_BINARY, "load", "inside", "--no-auto-allow",
                                      "--max-sources", "100", "--pin-dir", pins});
    EXPECT_EQ(loaded.status, 0) << loaded.errors;
    EXPECT_THAT(host.probe(scanner, {1, 2, 3, 4}), ElementsAre(1, 2, 3));
    EXPECT_EQ(host.execute({PORTSCAN_BINARY, "list", scanner, "--pin-dir", pins}).status, 0);
    EXPECT_EQ(
        host.execute({PORTSCAN_BINARY, "unload", "--all", "--purge", "--pin-dir", pins}).status, 0);
    umount2(pins.c_str(), MNT_DETACH);
}

TEST_F(LoaderBadInput, ReadOnlyBpfFileSystem) {
    remount(MS_RDONLY);
    expect_one_line(host.load(), 1, "Read-only file system");
    expect_one_line(run_here({"inside"}), 1, "Read-only file system");
    remount(0);
    ASSERT_EQ(host.load().status, 0);
    host.probe(scanner, {1, 2, 3, 4});
    remount(MS_RDONLY);
    for (const auto &arguments :
         std::vector<std::vector<std::string>>{{"load", "inside", "--max-sources", "50"},
                                               {"unload", "--all"},
                                               {"unblock", scanner},
                                               {"list"}}) {
        SCOPED_TRACE(arguments[0]);
        expect_one_line(host.command(arguments), 1, "Read-only file system");
    }
    EXPECT_TRUE(attached());
    remount(0);
    EXPECT_EQ(host.command({"unload", "--all", "--purge"}).status, 0);
    EXPECT_FALSE(attached());
}

/// Nothing but pins is written.
TEST_F(LoaderBadInput, RunsOnAReadOnlyFileSystem) {
    const std::string run = std::string{PORTSCAN_BINARY} +
                            " run inside --listen off --max-sources 100 --pin-dir " +
                            host.pin_dir();
    Process process{{"unshare", "--mount", "sh", "-c",
                     "for m in $(findmnt -rn -o TARGET -t ext4,xfs,btrfs,overlay,tmpfs); do "
                     "mount -o remount,bind,ro $m || exit; done; "
                     "! touch /tmp/x 2>/dev/null || exit; exec " +
                         run},
                    host / "run"};
    ASSERT_TRUE(process.says("running")) << process.errors();
    EXPECT_THAT(host.probe(scanner, {1, 2, 3, 4}), ElementsAre(1, 2, 3));
    EXPECT_TRUE(process.says("blocked 10.0.0.1")) << process.errors();
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(), 0);
}

/// Another map than its name promises, its values larger than ours; kept is what was there.
void replace_pin(const std::string &pin, const std::string &kept) {
    const FileDescriptor map{bpf_map_create(BPF_MAP_TYPE_ARRAY, "other", 4, 4096, 3, nullptr)};
    std::filesystem::rename(pin, kept);
    ASSERT_EQ(bpf_obj_pin(map.get(), pin.c_str()), 0);
}

TEST_F(LoaderBadInput, PinsOfSomethingElseAreNotTakenForTheRegistry) {
    ASSERT_EQ(host.load().status, 0);
    ASSERT_EQ(host.command({"block", scanner}).status, 0);
    for (const char *name : {"pscan_ip_reg", "pscan_ip6_reg", "pscan_queue"}) {
        SCOPED_TRACE(name);
        const std::string pin = host.pin_dir() + "/" + name, kept = host.pin_dir() + "/kept";
        replace_pin(pin, kept);
        for (const char *verb : {"list", "status", "expire"})
            expect_one_line(host.command({verb}), 1, "of another version");
        expect_one_line(host.load(), 1, "another version's layout");
        EXPECT_TRUE(attached());
        EXPECT_THAT(host.probe(scanner, {1}), IsEmpty()) << "the filter goes on";
        std::filesystem::rename(kept, pin);
        EXPECT_EQ(host.command({"list", scanner}).status, 0);
    }
}

TEST_F(LoaderBadInput, PinsOfSomethingElseAreReplacedWhereNothingIsLost) {
    ASSERT_EQ(host.load().status, 0);
    ASSERT_EQ(host.command({"block", scanner}).status, 0);
    for (const char *name : {"pscan_state", "pscan_stats", "pscan_events"}) {
        SCOPED_TRACE(name);
        replace_pin(host.pin_dir() + "/" + name, host / "bpf/kept");
        expect_one_line(host.command({"list", scanner}), 1, "of another version");
        EXPECT_EQ(host.load().status, 0);
        EXPECT_EQ(host.command({"list", scanner}).status, 0);
        EXPECT_THAT(host.probe(scanner, {1}), IsEmpty());
    }
    replace_pin(host.pin_dir() + "/link_inside", host / "bpf/link");
    expect_one_line(host.load(), 1, "of an xdp-portscan with another pin directory");
    EXPECT_TRUE(attached());
    std::filesystem::rename(host / "bpf/link", host.pin_dir() + "/link_inside");
    EXPECT_EQ(host.load().status, 0);
}

TEST_F(LoaderBadInput, StalePinsOfAnInterfaceThatIsGone) {
    ASSERT_EQ(host.load().status, 0);
    host.probe(scanner, {1, 2, 3, 4});
    host.ip("link del inside");
    EXPECT_EQ(host.command({"status"}).status, 0);
    EXPECT_EQ(host.command({"list", scanner}).status, 0);
    host.make_pair();
    const auto loaded = host.load();
    EXPECT_EQ(loaded.status, 0) << loaded.errors;
    EXPECT_THAT(host.probe(scanner, {1}), IsEmpty());
    host.ip("link del inside");
    EXPECT_EQ(host.command({"unload", "--all", "--purge"}).status, 0);
    EXPECT_FALSE(std::filesystem::exists(host.pin_dir()));
}

TEST_F(LoaderBadInput, OutputThatCannotBeWritten) {
    ASSERT_EQ(host.load().status, 0);
    for (const char *verb : {"list", "status", "status --json", "allow list", "expire"}) {
        SCOPED_TRACE(verb);
        std::string command = "exec " PORTSCAN_BINARY " ";
        command.append(verb).append(" --pin-dir ").append(host.pin_dir()).append(" >/dev/full");
        expect_one_line(host.execute({"sh", "-c", command}), 1, "standard output");
    }
}

} // namespace
} // namespace portscan::test
