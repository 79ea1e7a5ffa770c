// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "loader/host_network.h"
#include "loader/ssh_access.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// An address that has to stay reachable, and why: `SSH peer`, `default gateway`, `resolver`, or
/// several of them.
struct GuardedAddress {
    Prefix prefix; ///< a whole address
    std::string why;

    bool operator==(const GuardedAddress &) const = default;
};

/// What the lock-out guard found on this host.
struct HostAccess {
    std::vector<TcpConnection> connections; ///< established ones
    std::set<std::uint16_t> ssh_ports;
    std::optional<SshConnection> own_session;
    std::vector<Address> gateways;
    std::vector<Address> resolvers;
    std::vector<std::string> unreadable{}; ///< files of sshd_config(5) that may not be read
};

/// Addresses of the lines `nameserver ADDRESS` of resolv.conf(5), in their order.
std::vector<Address> parse_resolvers(std::string_view resolv_conf);

/// What has to be allowed, each address once, in the order SSH peers, gateways, resolvers.
/// Loopback addresses, which no interface but lo carries, are left out.
std::vector<GuardedAddress> guarded_addresses(const HostAccess &access);

/// Where the host keeps what the kernel does not know.
struct HostFiles {
    std::string sshd_config = "/etc/ssh/sshd_config";
    std::string resolv_conf = "/etc/resolv.conf";
    /// Asked where resolv_conf names a local stub only: systemd-resolved's own upstream servers.
    std::string upstream_resolv_conf = "/run/systemd/resolve/resolv.conf";
};

/// Of the lock-out guard (docs/loader.md): peers of established connections to SSH (ports 22, that
/// of the own session, those of sshd_config), default gateways and resolvers. The own session's
/// client is among them even where its connection ends in another network namespace. Throws
/// std::system_error where the kernel does not answer.
HostAccess inspect_host(const HostFiles &files = {});

} // namespace portscan
