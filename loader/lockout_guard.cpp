// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/lockout_guard.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

namespace portscan {
namespace {

constexpr std::uint16_t usual_ssh_port = 22;

/// 127.0.0.0/8 (RFC 1122, section 3.2.1.3) and ::1.
bool is_loopback(const Address &address) {
    static const Prefix ipv4 = *Prefix::parse("127.0.0.0/8");
    static const Prefix ipv6 = *Prefix::parse("::1");
    return ipv4.contains(address) || ipv6.contains(address);
}

void add(std::vector<GuardedAddress> &guarded, const Address &address, std::string_view why) {
    if (is_loopback(address)) return;
    const Prefix prefix = Prefix::host(address);
    const auto known = std::find_if(guarded.begin(), guarded.end(),
                                    [&](const auto &one) { return one.prefix == prefix; });
    if (known == guarded.end())
        guarded.push_back({prefix, std::string{why}});
    else if (known->why.find(why) == std::string::npos)
        known->why.append(", ").append(why);
}

std::string read_text(const std::string &path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::vector<Address> resolvers_of(const HostFiles &files) {
    std::vector<Address> resolvers = parse_resolvers(read_text(files.resolv_conf));
    if (std::any_of(resolvers.begin(), resolvers.end(), is_loopback)) {
        const auto upstream = parse_resolvers(read_text(files.upstream_resolv_conf));
        resolvers.insert(resolvers.end(), upstream.begin(), upstream.end());
    }
    return resolvers;
}

} // namespace

std::vector<Address> parse_resolvers(std::string_view resolv_conf) {
    std::vector<Address> resolvers;
    std::istringstream lines{std::string{resolv_conf}};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words{line};
        std::string keyword;
        std::string server;
        words >> keyword >> server;
        if (keyword != "nameserver") continue;
        const auto address = Address::parse(std::string_view{server}.substr(0, server.find('%')));
        if (address) resolvers.push_back(*address);
    }
    return resolvers;
}

std::vector<GuardedAddress> guarded_addresses(const HostAccess &access) {
    std::vector<GuardedAddress> guarded;
    if (access.own_session) add(guarded, access.own_session->client, "SSH peer");
    for (const TcpConnection &connection : access.connections)
        if (access.ssh_ports.contains(connection.local_port))
            add(guarded, connection.peer, "SSH peer");
    for (const Address &gateway : access.gateways) add(guarded, gateway, "default gateway");
    for (const Address &resolver : access.resolvers) add(guarded, resolver, "resolver");
    return guarded;
}

HostAccess inspect_host(const HostFiles &files) {
    HostAccess access{.connections = established_connections(),
                      .own_session = own_ssh_connection(),
                      .resolvers = resolvers_of(files)};
    access.ssh_ports = sshd_ports(files.sshd_config, access.unreadable);
    access.ssh_ports.insert(usual_ssh_port);
    if (access.own_session) access.ssh_ports.insert(access.own_session->server_port);
    for (const DefaultRoute &route : default_routes())
        if (route.gateway) access.gateways.push_back(*route.gateway);
    return access;
}

} // namespace portscan
