// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/host_network.h"

#include "loader/mapped_address.h"
#include "loader/netlink.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

namespace portscan {
namespace {

std::optional<Address> to_address(int family, NetlinkBytes bytes) {
    const auto *const data = reinterpret_cast<const std::uint8_t *>(bytes.data());
    if (family == AF_INET && bytes.size() >= 4) return Address::ipv4(data);
    if (family == AF_INET6 && bytes.size() >= 16) return Address::ipv6(data);
    return std::nullopt;
}

/// RTA_VIA: a gateway of another family than the route's.
std::optional<Address> to_via(NetlinkBytes value) {
    const auto via = netlink_header<rtvia>(value);
    return to_address(via.rtvia_family, value.subspan(std::min(sizeof(rtvia), value.size())));
}

void read_hop_attribute(int family, std::uint16_t type, NetlinkBytes value, DefaultRoute &route) {
    if (type == RTA_GATEWAY) route.gateway = to_address(family, value);
    if (type == RTA_VIA) route.gateway = to_via(value);
    if (type == RTA_OIF) route.interface_index = netlink_header<std::uint32_t>(value);
}

/// RTA_MULTIPATH: a list of next hops, each with attributes of its own.
std::vector<DefaultRoute> next_hops(int family, NetlinkBytes hops, const DefaultRoute &common) {
    std::vector<DefaultRoute> routes;
    while (hops.size() >= sizeof(rtnexthop)) {
        const auto hop = netlink_header<rtnexthop>(hops);
        if (hop.rtnh_len < sizeof(rtnexthop) || hop.rtnh_len > hops.size()) break;
        DefaultRoute route = common;
        route.interface_index = static_cast<std::uint32_t>(hop.rtnh_ifindex);
        for_each_attribute(hops.subspan(sizeof(rtnexthop), hop.rtnh_len - sizeof(rtnexthop)),
                           [&](std::uint16_t type, NetlinkBytes value) {
                               read_hop_attribute(family, type, value, route);
                           });
        routes.push_back(route);
        hops = hops.subspan(std::min<std::size_t>(RTNH_ALIGN(hop.rtnh_len), hops.size()));
    }
    return routes;
}

void append_default_route(NetlinkBytes body, std::vector<DefaultRoute> &routes) {
    const auto header = netlink_header<rtmsg>(body);
    if (header.rtm_dst_len != 0 || header.rtm_type != RTN_UNICAST) return;
    DefaultRoute route;
    std::uint32_t table = header.rtm_table;
    NetlinkBytes hops;
    for_each_attribute(netlink_after(body, sizeof(rtmsg)),
                       [&](std::uint16_t type, NetlinkBytes value) {
                           if (type == RTA_TABLE) table = netlink_header<std::uint32_t>(value);
                           if (type == RTA_MULTIPATH) hops = value;
                           read_hop_attribute(header.rtm_family, type, value, route);
                       });
    route.main_table = table == RT_TABLE_MAIN;
    if (hops.empty()) {
        routes.push_back(route);
        return;
    }
    for (const DefaultRoute &hop : next_hops(header.rtm_family, hops, route)) routes.push_back(hop);
}

} // namespace

std::string interface_name(NetlinkBytes link_message) {
    std::string name;
    for_each_attribute(netlink_after(link_message, sizeof(ifinfomsg)),
                       [&](std::uint16_t type, NetlinkBytes value) {
                           if (type != IFLA_IFNAME || value.empty()) return;
                           const auto *const text = reinterpret_cast<const char *>(value.data());
                           name.assign(text, strnlen(text, value.size()));
                       });
    return name;
}

std::vector<Interface> interfaces() {
    std::vector<Interface> found;
    NetlinkSocket socket{NETLINK_ROUTE};
    const ifinfomsg everything{};
    socket.dump(RTM_GETLINK, netlink_bytes(everything), [&](std::uint16_t, NetlinkBytes body) {
        const auto index = netlink_header<ifinfomsg>(body).ifi_index;
        Interface interface { static_cast<std::uint32_t>(index), interface_name(body) };
        if (std::find(found.begin(), found.end(), interface) == found.end())
            found.push_back(std::move(interface));
    });
    return found;
}

std::vector<DefaultRoute> default_routes() {
    std::vector<DefaultRoute> routes;
    NetlinkSocket socket{NETLINK_ROUTE};
    for (const int family : {AF_INET, AF_INET6}) {
        rtmsg request{};
        request.rtm_family = static_cast<unsigned char>(family);
        socket.dump(RTM_GETROUTE, netlink_bytes(request),
                    [&](std::uint16_t, NetlinkBytes body) { append_default_route(body, routes); });
    }
    return routes;
}

std::vector<std::string> default_route_interfaces() {
    std::vector<std::string> names;
    const std::vector<Interface> known = interfaces();
    for (const DefaultRoute &route : default_routes()) {
        const auto found = std::find_if(known.begin(), known.end(), [&](const Interface &one) {
            return one.index == route.interface_index;
        });
        const bool wanted = route.main_table && found != known.end();
        if (wanted && std::find(names.begin(), names.end(), found->name) == names.end())
            names.push_back(found->name);
    }
    return names;
}

std::vector<TcpConnection> established_connections() {
    std::vector<TcpConnection> connections;
    NetlinkSocket socket{NETLINK_SOCK_DIAG};
    for (const int family : {AF_INET, AF_INET6}) {
        inet_diag_req_v2 request{};
        request.sdiag_family = static_cast<__u8>(family);
        request.sdiag_protocol = IPPROTO_TCP;
        request.idiag_states = 1U << TCP_ESTABLISHED;
        socket.dump(
            SOCK_DIAG_BY_FAMILY, netlink_bytes(request), [&](std::uint16_t, NetlinkBytes body) {
                const auto found = netlink_header<inet_diag_msg>(body);
                const auto peer =
                    to_address(found.idiag_family, std::as_bytes(std::span{found.id.idiag_dst}));
                // An IPv6 socket that serves IPv4 names its peers ::ffff:a.b.c.d.
                if (peer)
                    connections.push_back(
                        {ntohs(found.id.idiag_sport), mapped_ipv4(*peer).value_or(*peer)});
            });
    }
    return connections;
}

} // namespace portscan
