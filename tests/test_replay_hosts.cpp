// SPDX-License-Identifier: GPL-2.0-or-later
// `replay --host` as a command.
#include "tests/command_checks.h"
#include "tests/command_runner.h"
#include "tests/temporary_directory.h"

#include "sim/capture.h"
#include "sim/packet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace portscan {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Ports = std::initializer_list<std::uint16_t>;

class ReplayHostsTest : public ::testing::Test {
  protected:
    /// A client opens and is answered on `ports` of the server.
    void connect(CaptureWriter &writer, const char *client, const char *server,
                 std::initializer_list<std::uint16_t> ports) {
        for (const std::uint16_t port : ports) {
            write(writer, tcp(client, server, port, "S"));
            write(writer, tcp(server, client, 40'000, "SA").source_port(port));
            write(writer, tcp(client, server, port, "A"));
        }
    }
    void write(CaptureWriter &writer, const Packet &packet) {
        writer.write(time_ns_ += 1'000'000, packet.bytes());
    }
    std::string capture(const std::string &name, const auto &fill) {
        std::string path = directory_ / name;
        CaptureWriter writer = CaptureWriter::create(path);
        fill(writer);
        writer.close();
        return path;
    }
    static json replayed(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"replay", "--json"});
        const CommandResult result = run_command(arguments);
        EXPECT_EQ(result.status, 0) << result.err;
        return json::parse(result.out);
    }
    static std::string complaint(std::vector<std::string> arguments, int status = 2,
                                 Rights rights = Rights::kept) {
        arguments.insert(arguments.begin(), "replay");
        return one_complaint(run_command(arguments, rights), status);
    }

    test::TemporaryDirectory directory_;
    std::uint64_t time_ns_ = 1'700'000'000'000'000'000;
    /// Seen on a router: a scan of one host, and a client of four services of another.
    std::string router_ = capture("router.pcap", [this](CaptureWriter &writer) {
        for (const std::uint16_t port : Ports{1, 2, 3, 4, 5})
            write(writer, tcp("10.0.0.1", "10.0.0.9", port, "S").vlan(7));
        for (const std::uint16_t port : Ports{1, 2})
            write(writer, tcp("10.0.0.1", "10.0.0.8", port, "S").vlan(7));
        connect(writer, "10.0.0.2", "10.0.0.8", {22, 80, 443, 8'080});
    });
};

TEST_F(ReplayHostsTest, EachHostIsReplayedByItself) {
    const json report = replayed({"--host", "10.0.0.8/31", router_});
    EXPECT_EQ(report["packets"], 19);
    EXPECT_EQ(report["not_selected"], 4) << "what the server sent";
    EXPECT_EQ(report["hosts"], json::parse(R"({"replayed": 2, "left_out_packets": 0})"));
    EXPECT_EQ(report["options"]["max-sources"], 65'536);
    EXPECT_EQ(report["options"]["max-sources6"], 16'384);
    ASSERT_THAT(report["sources"], SizeIs(3));
    const json &scanner = report["sources"][0];
    EXPECT_EQ(scanner["host"], "10.0.0.9");
    EXPECT_EQ(scanner["address"], "10.0.0.1");
    EXPECT_EQ(scanner["passed_probes"], 3);
    EXPECT_EQ(scanner["answered"], 0);
    EXPECT_EQ(scanner["likely_honest"], false);
    const json &client = report["sources"][1];
    EXPECT_EQ(client["host"], "10.0.0.8");
    EXPECT_EQ(client["blocks"][0]["trigger_port"], 8'080);
    EXPECT_EQ(client["answered"], 3);
    EXPECT_EQ(client["likely_honest"], true);
    EXPECT_EQ(client["likely_honest_reason"], "4 of 4 ports answered, 4 handshakes completed");
    EXPECT_EQ(report["sources"][2]["blocks"], json::array()) << "two ports of the other host";
}

TEST_F(ReplayHostsTest, OthersAreLeftOut) {
    const json report = replayed({"--host", "10.0.0.9", "--host-max-sources", "64", router_});
    EXPECT_EQ(report["not_selected"], 14);
    EXPECT_EQ(report["options"]["max-sources"], 64);
    EXPECT_THAT(report["sources"], SizeIs(1));
    EXPECT_THAT(complaint({"--host", "192.0.2.1", router_}, 0),
                HasSubstr("warning: " + router_ + ": none of the 19 packets is for --host"));
}

TEST_F(ReplayHostsTest, CapturesStartEmptyUnlessTheyGoOn) {
    const CommandResult apart =
        run_command({"replay", "--json", "--host", "10.0.0.9", router_, router_});
    EXPECT_THAT(apart.out, HasSubstr(R"("drop":2)"));
    EXPECT_THAT(apart.out, Not(HasSubstr(R"("drop":5)")));
    const CommandResult together =
        run_command({"replay", "--json", "--continue", "--host", "10.0.0.9", router_, router_});
    EXPECT_THAT(together.out, HasSubstr(R"("drop":5)"));
}

TEST_F(ReplayHostsTest, AnnotatesWhatIsLeftOut) {
    const std::string out = directory_ / "out.pcapng";
    replayed({"--host", "10.0.0.9", "--annotate", out, router_});
    const std::string bytes = read_file(out);
    EXPECT_THAT(bytes, AllOf(HasSubstr("xdp: not_selected"),
                             HasSubstr("xdp: verdict=drop reason=threshold source=10.0.0.1")));
}

TEST_F(ReplayHostsTest, BadListsAreOneLine) {
    EXPECT_THAT(complaint({"--host", "10.0.0.9,web", router_}, 2, Rights::none),
                HasSubstr("host: 'web' is no address or prefix"));
    EXPECT_THAT(complaint({"--host", "", router_}), HasSubstr("host: '' is no address or prefix"));
    EXPECT_THAT(complaint({"--host-max-sources", "64", router_}), HasSubstr("is for --host"));
    for (const char *const count : {"7", "many", "4294967296"})
        EXPECT_THAT(complaint({"--host", "10.0.0.9", "--host-max-sources", count, router_}),
                    HasSubstr("from 8 to 4294967295"));
    EXPECT_THAT(complaint({"--host", "10.0.0.9", "--max-sources", "64", router_}),
                HasSubstr("use --host-max-sources"));
    EXPECT_THAT(complaint({"--host", "10.0.0.9", "--host-max-sources", "64", "--max-blocked", "33",
                           router_}),
                HasSubstr("max-blocked"));
}

TEST_F(ReplayHostsTest, CapturingHostThatLooksLikeAScannerIsHintedAt) {
    const std::string own = capture("own.pcap", [this](CaptureWriter &writer) {
        connect(writer, "10.0.0.5", "192.0.2.1", {80, 443});
        connect(writer, "10.0.0.5", "192.0.2.2", {22, 25});
        connect(writer, "10.0.0.5", "192.0.2.3", {993});
    });
    EXPECT_THAT(complaint({own}, 0),
                AllOf(HasSubstr("warning"), HasSubstr("10.0.0.5 takes part in 100 %"),
                      HasSubstr("--host 10.0.0.5 replays only what it receives")));
    EXPECT_THAT(run_command({"replay", "--host", "10.0.0.5", own}).err, IsEmpty());
    EXPECT_THAT(run_command({"replay", router_}).err, IsEmpty());
}

} // namespace
} // namespace portscan
