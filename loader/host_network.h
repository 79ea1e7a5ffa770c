// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "loader/netlink.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace portscan {

// What the kernel says about this network namespace, by netlink and without privileges. Functions
// throw std::system_error.

/// A network interface.
struct Interface {
    std::uint32_t index = 0;
    std::string name;

    bool operator==(const Interface &) const = default;
};

std::vector<Interface> interfaces();
/// The name that a message RTM_NEWLINK gives; empty if none.
std::string interface_name(NetlinkBytes link_message);

/// One way to everywhere: a unicast route of prefix length 0, or one next hop of it.
struct DefaultRoute {
    std::optional<Address> gateway; ///< none on a link that needs none
    std::uint32_t interface_index = 0;
    bool main_table = false; ///< else one for policy routing
};

/// Of IPv4 and IPv6, from every routing table.
std::vector<DefaultRoute> default_routes();

/// Names of the interfaces that the main table's default routes use, each once, in the kernel's
/// order; empty if there is no such route.
std::vector<std::string> default_route_interfaces();

struct TcpConnection {
    std::uint16_t local_port = 0;
    Address peer; ///< an IPv4-mapped IPv6 address as IPv4
};

/// Established TCP connections (socket diagnostics).
std::vector<TcpConnection> established_connections();

} // namespace portscan
