// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/loader_host.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace portscan::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char *scanner = "10.0.0.1";
constexpr const char *three = "bpf,net_admin,perfmon";

/// A user without any rights but the capabilities that a test gives it, and a pin directory that
/// was prepared for it: root's file system, its directory.
class LoaderPrivileges : public testing::Test {
  protected:
    static constexpr uid_t user = 65534;

    LoaderPrivileges() {
        std::filesystem::permissions(host / "", std::filesystem::perms::all);
        std::filesystem::copy_file(PORTSCAN_BINARY, binary);
        std::filesystem::create_directory(host.pin_dir());
        EXPECT_EQ(chown(host.pin_dir().c_str(), user, user), 0);
        EXPECT_EQ(chmod(host.pin_dir().c_str(), 0700), 0);
        EXPECT_EQ(chmod((host / "bpf").c_str(), 0755), 0);
        for (const char *file : {"output", "errors"}) std::ofstream{host / file};
    }

    std::vector<std::string> as_user(const std::string &capabilities,
                                     const std::vector<std::string> &arguments) const {
        std::string set = "-all";
        if (!capabilities.empty()) set += ",+" + capabilities;
        for (auto comma = set.find(','); comma != std::string::npos;
             comma = set.find(',', comma + 1))
            if (set[comma + 1] != '+') set.insert(comma + 1, "+");
        std::vector<std::string> all{"setpriv",
                                     "--reuid=65534",
                                     "--regid=65534",
                                     "--clear-groups",
                                     "--no-new-privs",
                                     "--inh-caps=" + set,
                                     "--ambient-caps=" + set,
                                     "--bounding-set=" + set,
                                     binary};
        all.insert(all.end(), arguments.begin(), arguments.end());
        all.insert(all.end(), {"--pin-dir", host.pin_dir()});
        return all;
    }
    CommandResult command(const std::vector<std::string> &arguments,
                          const std::string &capabilities = three) const {
        return host.execute(as_user(capabilities, arguments));
    }
    /// `run` or `load` with small maps.
    static std::vector<std::string> with_small_maps(std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--max-sources", "100", "--max-sources6", "100"});
        return arguments;
    }

    LoaderHost host;
    const std::string binary = host / "xdp-portscan";
};

TEST_F(LoaderPrivileges, EveryCommandWorksWithTheThreeCapabilities) {
    const auto loaded = command(with_small_maps({"load", "inside"}));
    ASSERT_EQ(loaded.status, 0) << loaded.errors;
    EXPECT_THAT(host.probe(scanner, {1, 2, 3, 4, 5}), ElementsAre(1, 2, 3));
    for (const auto &arguments : std::vector<std::vector<std::string>>{
             {"list", scanner},
             {"list", "--json"},
             {"status"},
             {"status", "--json"},
             {"expire"},
             {"unblock", scanner},
             {"block", "10.0.0.7", "2001:db8::7"},
             {"allow", "add", "10.0.0.7", "192.0.2.0/24"},
             {"allow", "list"},
             {"allow", "remove", "192.0.2.0/24"},
             {"load", "inside", "--max-sources", "200", "--max-ports", "6"},
             {"unblock", "--all"},
             {"unload", "inside"},
             {"unload", "--all", "--purge"}}) {
        const auto result = command(arguments);
        EXPECT_EQ(result.status, 0) << arguments[0] << ": " << result.errors;
    }
    EXPECT_TRUE(std::filesystem::is_empty(host.pin_dir()));
    EXPECT_THAT(host.probe(scanner, {6, 7, 8, 9}), ElementsAre(6, 7, 8, 9));
}

TEST_F(LoaderPrivileges, RunWorksWithTheThreeCapabilities) {
    host.ip("link set lo up");
    Process process{
        as_user(three, with_small_maps({"run", "inside", "--listen", "127.0.0.1:7979", "--confirm",
                                        "1h", "--expire-interval", "100ms"})),
        host / "run"};
    ASSERT_TRUE(process.says("running")) << process.errors();
    EXPECT_EQ(command({"confirm"}).status, 0);
    EXPECT_TRUE(process.says("confirmed")) << process.errors();
    EXPECT_THAT(host.probe(scanner, {1, 2, 3, 4, 5}), ElementsAre(1, 2, 3));
    EXPECT_TRUE(process.says("blocked 10.0.0.1"));
    EXPECT_THAT(host.execute({"curl", "-sS", "http://127.0.0.1:7979/metrics"}).output,
                HasSubstr("xdp_portscan_blocks_total 1"));
    EXPECT_EQ(command({"unblock", scanner, "--for", "1h"}).status, 0);
    EXPECT_THAT(host.probe(scanner, {1, 2, 3, 4, 5}), ElementsAre(1, 2, 3, 4, 5));
    // The binary that replaces it has the same three, and they suffice to load its program.
    std::filesystem::copy_file(PORTSCAN_BINARY, binary + ".new");
    std::filesystem::rename(binary + ".new", binary);
    process.signal(SIGHUP);
    ASSERT_TRUE(process.says("running", 2)) << process.errors();
    EXPECT_THAT(host.probe("10.0.0.2", {1, 2, 3, 4, 5}), ElementsAre(1, 2, 3));
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(), 0) << process.errors();
    EXPECT_THAT(host.probe("10.0.0.2", {6}), ElementsAre(6));
}

TEST_F(LoaderPrivileges, OneThatIsMissingIsNamed) {
    for (const auto &[kept, missing] :
         {std::pair{"net_admin,perfmon", "missing CAP_BPF;"},
          std::pair{"bpf,perfmon", "missing CAP_NET_ADMIN;"},
          std::pair{"bpf,net_admin", "missing CAP_PERFMON;"},
          std::pair{"", "missing CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON;"}})
        for (const char *verb : {"run", "load"}) {
            const auto result = command(with_small_maps({verb, "inside"}), kept);
            EXPECT_EQ(result.status, 3) << verb << " with " << kept;
            EXPECT_THAT(result.errors, HasSubstr(missing));
            EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1);
        }
    EXPECT_THAT(host.probe(scanner, {1, 2, 3, 4}), ElementsAre(1, 2, 3, 4)) << "not attached";
}

/// The pins of somebody else: none of the commands may touch them.
TEST_F(LoaderPrivileges, NobodyWithoutCapabilitiesTouchesTheStateOfRoot) {
    EXPECT_EQ(chown(host.pin_dir().c_str(), 0, 0), 0);
    ASSERT_EQ(host.load().status, 0);
    host.probe(scanner, {1, 2, 3, 4});
    for (const auto &arguments : std::vector<std::vector<std::string>>{{"list"},
                                                                       {"status"},
                                                                       {"expire"},
                                                                       {"unblock", scanner},
                                                                       {"block", "10.0.0.7"},
                                                                       {"allow", "add", scanner},
                                                                       {"allow", "list"},
                                                                       {"confirm"},
                                                                       {"unload", "--all"},
                                                                       {"load", "inside"},
                                                                       {"run", "inside"}}) {
        const auto result = command(arguments, "");
        EXPECT_EQ(result.status, 3) << arguments[0] << ": " << result.errors << result.output;
        EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1);
        EXPECT_THAT(result.errors, HasSubstr("CAP_BPF")) << arguments[0];
    }
    EXPECT_THAT(host.probe(scanner, {1}), IsEmpty());
}

} // namespace
} // namespace portscan::test
