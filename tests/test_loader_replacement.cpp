// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/peer.h"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

namespace portscan::test {
namespace {

using Json = nlohmann::json;

/// TCP segments that the host's kernel got so far: `Tcp:` names, `Tcp:` values.
std::uint64_t segments_received() {
    std::ifstream file{"/proc/thread-self/net/snmp"};
    std::string line;
    for (int found = 0; found < 2 && std::getline(file, line);) found += line.starts_with("Tcp: ");
    std::istringstream words{line};
    std::string word;
    for (int i = 0; i < 11; ++i) words >> word;
    return std::stoull(word);
}

/// A host whose loader is reloaded again and again while masscan goes on from a blocked source.
class LoaderReplacement : public testing::Test {
  protected:
    LoaderReplacement() {
        std::filesystem::copy_file(PORTSCAN_BINARY, binary);
        host.set_binary(binary);
        configure(0);
    }

    /// Every third time maps of another size, else another window.
    void configure(unsigned i) const {
        std::ofstream{config} << "window = \"" << 60 + i << "s\"\n"
                              << "max-sources = " << (i % 3 == 2 ? 200 : 100) << "\n";
    }
    void replace_binary() const {
        std::filesystem::copy_file(PORTSCAN_BINARY, binary + ".new");
        std::filesystem::rename(binary + ".new", binary);
    }
    /// The program that is attached; 0: none.
    unsigned program() const {
        const auto link =
            Json::parse(host.execute({"ip", "-j", "link", "show", "inside"}).output)[0];
        return link.contains("xdp") ? link["xdp"]["prog"]["id"].get<unsigned>() : 0;
    }
    Json counters() const {
        return Json::parse(host.command({"status", "--json"}).output)["counters"];
    }

    LoaderHost host;
    Peer peer{host};
    const std::string binary = host / "xdp-portscan";
    const std::string config = host / "config.toml";
};

TEST_F(LoaderReplacement, OfProgramsAndBinariesLetsNotOnePacketOfABlockedSourcePass) {
    const Process loader{{binary, "run", "inside", "--no-auto-allow", "--listen", "off",
                          "--max-sources6", "100", "--config", config, "--pin-dir", host.pin_dir()},
                         host / "run"};
    ASSERT_TRUE(loader.says("running")) << loader.errors();
    const Process scan = peer.start({"timeout", "240", "masscan", "-e", "outside", "--router-mac",
                                     Peer::host_mac, "--adapter-ip", "10.0.0.5", "--rate", "300",
                                     "-p", "1-65535", Peer::host_address},
                                    "masscan");
    ASSERT_TRUE(loader.says("blocked 10.0.0.5")) << loader.errors() << scan.errors();
    const std::uint64_t received = segments_received();
    Json last = counters();
    std::set<unsigned> programs{program()};
    unsigned binaries = 0;
    for (unsigned i = 1; i <= 100; ++i) {
        const bool new_binary = i % 5 == 0;
        configure(i);
        if (new_binary) replace_binary();
        loader.signal(SIGHUP);
        binaries += new_binary;
        ASSERT_TRUE(new_binary ? loader.says("running as process", 1 + binaries)
                               : loader.says("reloaded", i - binaries))
            << loader.errors();
        programs.insert(program());
        if (i % 10 != 0) continue;
        const Json now = counters();
        ASSERT_GT(now["blocked"], last["blocked"]) << "the scan goes on";
        last = now;
    }
    EXPECT_EQ(programs.size(), 101U);
    EXPECT_EQ(programs.count(0), 0U);
    EXPECT_EQ(last["recorded"], 3);
    EXPECT_EQ(kill(loader.pid(), 0), 0) << "the same process";
    EXPECT_EQ(segments_received(), received);
}

} // namespace
} // namespace portscan::test
