// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/lockout_guard.h"
#include "tests/temporary_directory.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/fsuid.h>

namespace portscan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Address address(const char *text) {
    return *Address::parse(text);
}

TEST(GuardedAddresses, NamesEachAddressOnceWithEveryReason) {
    const HostAccess access{.connections = {{22, address("192.0.2.7")},
                                            {443, address("192.0.2.8")},
                                            {2222, address("2001:db8::7")},
                                            {22, address("192.0.2.7")}},
                            .ssh_ports = {22, 2222},
                            .own_session = SshConnection{address("192.0.2.9"), 22},
                            .gateways = {address("192.0.2.1"), address("fe80::1")},
                            .resolvers = {address("192.0.2.1"), address("127.0.0.53")}};
    EXPECT_THAT(
        guarded_addresses(access),
        ElementsAre(GuardedAddress{*Prefix::parse("192.0.2.9"), "SSH peer"},
                    GuardedAddress{*Prefix::parse("192.0.2.7"), "SSH peer"},
                    GuardedAddress{*Prefix::parse("2001:db8::7"), "SSH peer"},
                    GuardedAddress{*Prefix::parse("192.0.2.1"), "default gateway, resolver"},
                    GuardedAddress{*Prefix::parse("fe80::1"), "default gateway"}));
}

TEST(GuardedAddresses, LoopbackIsLeftOut) {
    EXPECT_THAT(
        guarded_addresses(
            {.connections = {{22, address("127.0.0.1")}, {22, address("::1")}}, .ssh_ports = {22}}),
        IsEmpty());
}

TEST(ParseResolvers, TakesNameserverLinesOnly) {
    EXPECT_THAT(parse_resolvers("# nameserver 192.0.2.1\n"
                                "search example.org\n"
                                "nameserver 192.0.2.2\n"
                                "nameserver\tfe80::1%eth0 \r\n"
                                "nameserver resolver.example.org\n"
                                "nameservers 192.0.2.3\n"
                                "nameserver\n"
                                "  nameserver 2001:db8::53"),
                ElementsAre(address("192.0.2.2"), address("fe80::1"), address("2001:db8::53")));
}

TEST(SshConnection, HasTheClientAndTheServersPort) {
    const auto connection = SshConnection::parse("192.0.2.7 51234 10.0.0.1 2222");
    ASSERT_TRUE(connection.has_value());
    EXPECT_EQ(connection->client, address("192.0.2.7"));
    EXPECT_EQ(connection->server_port, 2222);
    EXPECT_EQ(SshConnection::parse("fe80::7%eth0 1 fe80::1%eth0 22")->client, address("fe80::7"));
    for (const char *const text : {"", "192.0.2.7", "192.0.2.7 1 10.0.0.1", "a 1 b 22",
                                   "192.0.2.7 1 10.0.0.1 70000", "192.0.2.7 1 10.0.0.1 0"}) {
        EXPECT_FALSE(SshConnection::parse(text).has_value()) << text;
    }
}

TEST(SshConnection, IsFoundInTheEnvironmentOfAnAncestor) {
    // The shell has the variable, the test beneath it does not: as with sudo.
    unsetenv("SSH_CONNECTION");
    if (const char *const child = std::getenv("PORTSCAN_TEST_CHILD")) {
        const auto found = own_ssh_connection();
        std::_Exit(found && found->server_port == std::atoi(child) ? 0 : 1);
    }
    const std::string command =
        "PORTSCAN_TEST_CHILD=4022 SSH_CONNECTION='192.0.2.7 1 10.0.0.1 4022' sh -c 'env -u "
        "SSH_CONNECTION /proc/" +
        std::to_string(getpid()) +
        "/exe --gtest_filter=SshConnection.IsFoundInTheEnvironmentOfAnAncestor >/dev/null; exit "
        "$?'";
    EXPECT_EQ(std::system(command.c_str()), 0);
}

class SshdConfig : public ::testing::Test {
  protected:
    std::set<std::uint16_t> ports_of(const std::string &text) {
        std::ofstream{directory_ / "sshd_config"} << text;
        unreadable_.clear();
        return sshd_ports(directory_ / "sshd_config", unreadable_);
    }

    test::TemporaryDirectory directory_;
    std::vector<std::string> unreadable_;
};

TEST_F(SshdConfig, Port22UnlessItNamesAnother) {
    EXPECT_THAT(ports_of(""), ElementsAre(22));
    EXPECT_THAT(ports_of("#Port 23\nPermitRootLogin no\n"), ElementsAre(22));
    EXPECT_THAT(sshd_ports(directory_ / "none", unreadable_), ElementsAre(22));
    EXPECT_THAT(unreadable_, IsEmpty());
    EXPECT_THAT(ports_of("Port 2222\n"), ElementsAre(2222));
}

TEST_F(SshdConfig, KeywordsAndSeparatorsAsSshdTakesThem) {
    EXPECT_THAT(ports_of("  pOrT\t2201\nPort=2202\nPort = 2203\nPort \"2204\" # note\nPort 2205#\n"
                         "Port\nPort none\nPort 70000\nPorts 9\n"),
                ElementsAre(2201, 2202, 2203, 2204));
}

TEST_F(SshdConfig, PortsOfListenAddress) {
    EXPECT_THAT(ports_of("ListenAddress 10.0.0.1:2201\nListenAddress [2001:db8::1]:2202\n"
                         "ListenAddress host.example.org:2203 rdomain 1\n"
                         "ListenAddress 2001:db8::1\nListenAddress 10.0.0.2\n"
                         "ListenAddress [2001:db8::2]\n"),
                ElementsAre(2201, 2202, 2203));
}

TEST_F(SshdConfig, FollowsIncludesByPatternAndPath) {
    std::filesystem::create_directory(directory_ / "d");
    std::ofstream{directory_ / "d/a.conf"} << "Port 2201\n";
    std::ofstream{directory_ / "d/b.conf"} << "Include c\n";
    std::ofstream{directory_ / "c"} << "Port 2202\n";
    std::ofstream{directory_ / "e"} << "Port 2203\n";
    EXPECT_THAT(ports_of("Include d/*.conf \"" + (directory_ / "e") + "\"\nInclude none/*\n"),
                ElementsAre(2201, 2202, 2203));
}

TEST_F(SshdConfig, FileThatIncludesItselfEnds) {
    EXPECT_THAT(ports_of("Include sshd_config\nPort 2201\n"), ElementsAre(2201));
}

TEST_F(SshdConfig, EachFileIsReadOnce) {
    // Followed again and again, these would be 10^10 files to read.
    std::string all = "Port 2201\n";
    for (int i = 0; i < 10; ++i) all += "Include *.conf\n";
    for (int i = 0; i < 10; ++i)
        std::ofstream{directory_ / (std::to_string(i) + ".conf")} << all << "Port 230" << i << "\n";
    EXPECT_EQ(ports_of(all).size(), 11U);
}

TEST_F(SshdConfig, NamesFilesThatMayNotBeRead) {
    using std::filesystem::perms;
    const std::string closed = directory_ / "closed.conf";
    std::ofstream{closed} << "Port 2201\n";
    std::filesystem::permissions(closed, perms::none);
    std::filesystem::permissions(directory_ / ".", perms{0755});
    std::ofstream{directory_ / "sshd_config"} << "Include *.conf\nPort 2202\n";
    const int own = setfsuid(65534); // else root reads it all the same
    const auto ports = sshd_ports(directory_ / "sshd_config", unreadable_);
    setfsuid(static_cast<uid_t>(own));
    EXPECT_THAT(ports, ElementsAre(2202));
    EXPECT_THAT(unreadable_, ElementsAre(closed));
}

TEST_F(SshdConfig, WhatHasNoEndIsNotRead) {
    EXPECT_THAT(ports_of("Include /dev/zero\nPort 2201\n"), ElementsAre(2201));
}

} // namespace
} // namespace portscan
