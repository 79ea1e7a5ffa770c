// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"
#include "tests/loader_host.h"

#include <cstdint>
#include <string>
#include <vector>

namespace portscan::test {

/// Ports of a host that listen, for IPv4 and IPv6, and answer no more than the kernel does.
class Listeners {
  public:
    explicit Listeners(const std::vector<std::uint16_t> &ports);

  private:
    std::vector<FileDescriptor> sockets_;
};

/// The machine at the other end of a host's wire: a network namespace of its own that has
/// `outside`, and the addresses below. The host gets its own ones.
class Peer {
  public:
    explicit Peer(const LoaderHost &host);

    static constexpr const char *scanner = "10.0.0.1";
    static constexpr const char *honest = "10.0.0.3"; ///< the same machine by another address
    static constexpr const char *host_address = "10.0.0.9";
    static constexpr const char *host_mac = "02:00:00:00:00:09";
    static constexpr const char *scanner6_network = "fd00::/64"; ///< of fd00::1
    static constexpr const char *host_address6 = "fd00::9";
    static constexpr const char *honest6 = "fd00:1::3"; ///< another /64
    static constexpr const char *honest_host6 = "fd00:1::9";

    /// Any command on this machine, to its end.
    CommandResult execute(const std::vector<std::string> &arguments) const;
    /// The same in the background; what it says goes to a file of this name among the host's.
    Process start(const std::vector<std::string> &arguments, const std::string &name) const;
    /// True where a TCP connection of the scanner to this port of the host comes about.
    bool connects(std::uint16_t port) const;
    /// Ports whose answer an nmap scan of the host's ports 71 to 90 gets.
    unsigned scan(const std::vector<std::string> &nmap_arguments) const;

  private:
    std::vector<std::string> inside_it(const std::vector<std::string> &arguments) const;

    const LoaderHost *host_;
    FileDescriptor network_;
};

/// A host's web server at port 80.
Process serve_web_pages(const LoaderHost &host);

/// Somebody who fetches page after page of the host; `page` and `failed` in what it says count
/// them.
Process browse(const Peer &peer, bool ipv6 = false);

} // namespace portscan::test
