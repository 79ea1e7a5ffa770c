// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/host_network.h"
#include "loader/interface_watch.h"
#include "loader/lockout_guard.h"
#include "tests/network_namespace.h"
#include "tests/temporary_directory.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace portscan {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

Address address(const char *text) {
    return *Address::parse(text);
}

sockaddr_in6 socket_address(const char *text, std::uint16_t port) {
    sockaddr_in6 result{};
    result.sin6_family = AF_INET6;
    result.sin6_port = htons(port);
    inet_pton(AF_INET6, text, &result.sin6_addr);
    return result;
}

FileDescriptor stream_socket() {
    return FileDescriptor{socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
}

/// A connection from `client` to a listener at [::]:port, which holds both ends.
struct Connection {
    Connection(const char *client_text, const char *server_text, std::uint16_t port) {
        const int on = 1;
        setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        const sockaddr_in6 any = socket_address("::", port);
        const sockaddr_in6 from = socket_address(client_text, 0);
        const sockaddr_in6 to = socket_address(server_text, port);
        check(bind(listener.get(), reinterpret_cast<const sockaddr *>(&any), sizeof(any)));
        check(listen(listener.get(), 1));
        check(bind(client.get(), reinterpret_cast<const sockaddr *>(&from), sizeof(from)));
        check(connect(client.get(), reinterpret_cast<const sockaddr *>(&to), sizeof(to)));
        server = FileDescriptor{accept(listener.get(), nullptr, nullptr)};
    }

    static void check(int result) {
        if (result != 0) throw std::system_error(errno, std::generic_category(), "connect");
    }

    FileDescriptor listener = stream_socket();
    FileDescriptor client = stream_socket();
    FileDescriptor server;
};

/// A namespace with eth0 (192.0.2.2/24, 2001:db8::2/64) and its other end, peer0.
class HostNetwork : public ::testing::Test {
  protected:
    HostNetwork() {
        host_.ip("link set lo up");
        host_.ip("link add eth0 type veth peer name peer0");
        host_.ip("link set eth0 up");
        host_.ip("link set peer0 up");
        host_.ip("addr add 192.0.2.2/24 dev eth0");
        host_.ip("-6 addr add 2001:db8::2/64 dev eth0 nodad");
    }

    test::NetworkNamespace host_;
};

TEST_F(HostNetwork, ListsInterfaces) {
    std::vector<std::string> names;
    for (const Interface &interface : interfaces()) names.push_back(interface.name);
    EXPECT_THAT(names, UnorderedElementsAre("lo", "eth0", "peer0"));
}

TEST_F(HostNetwork, NoDefaultRouteIsNone) {
    EXPECT_THAT(default_routes(), IsEmpty());
    EXPECT_THAT(default_route_interfaces(), IsEmpty());
}

std::vector<std::string> gateways() {
    std::vector<std::string> found;
    for (const DefaultRoute &route : default_routes())
        found.push_back(route.gateway ? route.gateway->to_string() : "none");
    return found;
}

TEST_F(HostNetwork, DefaultRoutesOfBothFamiliesAndEveryTable) {
    host_.ip("route add default via 192.0.2.1");
    host_.ip("-6 route add default via fe80::1 dev eth0");
    host_.ip("route add default via 192.0.2.9 table 100");
    host_.ip("route add unreachable default metric 9999");
    host_.ip("route add 198.51.100.0/24 via 192.0.2.8");
    EXPECT_THAT(gateways(), UnorderedElementsAre("192.0.2.1", "fe80::1", "192.0.2.9"));
    EXPECT_THAT(default_route_interfaces(), ElementsAre("eth0"));
}

TEST_F(HostNetwork, RouteOfAPolicyTableIsNotTheDefaultRoute) {
    host_.ip("route add default via 192.0.2.9 table 100");
    EXPECT_THAT(default_route_interfaces(), IsEmpty());
}

TEST_F(HostNetwork, EveryNextHopOfAMultipathRoute) {
    host_.ip("addr add 203.0.113.2/24 dev peer0");
    host_.ip("route add default nexthop via 192.0.2.1 dev eth0 nexthop via 203.0.113.1 dev peer0");
    EXPECT_THAT(gateways(), UnorderedElementsAre("192.0.2.1", "203.0.113.1"));
    EXPECT_THAT(default_route_interfaces(), UnorderedElementsAre("eth0", "peer0"));
}

TEST_F(HostNetwork, GatewayOfTheOtherFamilyAndLinkWithoutOne) {
    host_.ip("route add default via inet6 fe80::9 dev eth0");
    host_.ip("route add default dev peer0 metric 7");
    EXPECT_THAT(gateways(), UnorderedElementsAre("fe80::9", "none"));
}

TEST_F(HostNetwork, EstablishedConnectionsByLocalPort) {
    host_.ip("-6 addr add 2001:db8::7/64 dev peer0 nodad");
    const Connection session{"2001:db8::7", "2001:db8::2", 2222};
    const auto found = established_connections();
    ASSERT_EQ(found.size(), 2U); // both ends live here
    const auto server = std::find_if(found.begin(), found.end(),
                                     [](const auto &one) { return one.local_port == 2222; });
    ASSERT_NE(server, found.end());
    EXPECT_EQ(server->peer, address("2001:db8::7"));
}

TEST_F(HostNetwork, Ipv4PeerOfADualStackServerIsIpv4) {
    host_.ip("addr add 192.0.2.7/24 dev eth0");
    const Connection session{"::ffff:192.0.2.7", "::ffff:192.0.2.2", 22};
    const auto found = established_connections();
    const auto server = std::find_if(found.begin(), found.end(),
                                     [](const auto &one) { return one.local_port == 22; });
    ASSERT_NE(server, found.end());
    EXPECT_EQ(server->peer, address("192.0.2.7"));
}

TEST_F(HostNetwork, GuardFindsPeersGatewaysAndResolvers) {
    const test::TemporaryDirectory directory;
    std::ofstream{directory / "sshd_config"} << "Port 2222\n";
    std::ofstream{directory / "resolv.conf"} << "nameserver 127.0.0.53\n";
    std::ofstream{directory / "upstream"} << "nameserver 192.0.2.53\n";
    host_.ip("addr add 192.0.2.7/24 dev eth0");
    host_.ip("addr add 192.0.2.8/24 dev eth0");
    host_.ip("route add default via 192.0.2.1");
    const Connection ssh{"::ffff:192.0.2.7", "::ffff:192.0.2.2", 2222};
    const Connection web{"::ffff:192.0.2.8", "::ffff:192.0.2.2", 443};
    HostAccess access = inspect_host({.sshd_config = directory / "sshd_config",
                                      .resolv_conf = directory / "resolv.conf",
                                      .upstream_resolv_conf = directory / "upstream"});
    EXPECT_THAT(access.ssh_ports, Contains(22));
    access.own_session.reset(); // that of who runs the test
    EXPECT_THAT(guarded_addresses(access),
                ElementsAre(GuardedAddress{*Prefix::parse("192.0.2.7"), "SSH peer"},
                            GuardedAddress{*Prefix::parse("192.0.2.1"), "default gateway"},
                            GuardedAddress{*Prefix::parse("192.0.2.53"), "resolver"}));
}

MATCHER_P(Came, name, "") {
    return arg.kind == InterfaceChange::Kind::came && arg.interface.name == name;
}

MATCHER_P(Went, name, "") {
    return arg.kind == InterfaceChange::Kind::went && arg.interface.name == name;
}

TEST_F(HostNetwork, WatchSeesInterfacesComeGoAndComeBack) {
    InterfaceWatch watch;
    EXPECT_THAT(watch.take(), IsEmpty());
    host_.ip("link add eth1 type veth peer name peer1");
    EXPECT_THAT(watch.take(), UnorderedElementsAre(Came("eth1"), Came("peer1")));
    host_.ip("link del eth1");
    EXPECT_THAT(watch.take(), UnorderedElementsAre(Went("eth1"), Went("peer1")));
    host_.ip("link add eth1 type veth peer name peer1");
    host_.ip("link del eth1");
    host_.ip("link add eth1 type veth peer name peer1");
    EXPECT_THAT(watch.take(), UnorderedElementsAre(Came("eth1"), Came("peer1"), Went("eth1"),
                                                   Went("peer1"), Came("eth1"), Came("peer1")));
}

TEST_F(HostNetwork, WatchIsSilentAboutLinksThatOnlyChange) {
    InterfaceWatch watch;
    host_.ip("link set eth0 down");
    host_.ip("link set eth0 mtu 9000");
    EXPECT_THAT(watch.take(), IsEmpty());
}

TEST_F(HostNetwork, WatchTakesARenameForGoingAndComing) {
    InterfaceWatch watch;
    host_.ip("link set eth0 down");
    host_.ip("link set eth0 name wan0");
    EXPECT_THAT(watch.take(), ElementsAre(Went("eth0"), Came("wan0")));
}

TEST_F(HostNetwork, WatchWakesAPollAndNothingElseDoes) {
    InterfaceWatch watch;
    pollfd waiting{.fd = watch.poll_fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&waiting, 1, 0), 0);
    host_.ip("link add eth1 type veth peer name peer1");
    EXPECT_EQ(poll(&waiting, 1, 1000), 1);
    watch.take();
    EXPECT_EQ(poll(&waiting, 1, 0), 0);
}

TEST_F(HostNetwork, WatchFindsWhatAFloodOfChangesHid) {
    InterfaceWatch watch;
    // Far more than the socket's buffer holds.
    const test::TemporaryDirectory directory;
    std::ofstream batch{directory / "batch"};
    for (int i = 0; i < 500; ++i) batch << "link set eth0 mtu " << 1400 + i % 2 << '\n';
    batch << "link del eth0\nlink add eth2 type veth peer name peer2\n";
    batch.close();
    host_.ip("-batch " + (directory / "batch"));
    const auto changes = watch.take();
    EXPECT_THAT(changes, Contains(Went("eth0")));
    EXPECT_THAT(changes, Contains(Went("peer0")));
    EXPECT_THAT(changes, Contains(Came("eth2")));
    EXPECT_THAT(changes, Not(Contains(Came("eth0"))));
}

} // namespace
} // namespace portscan
