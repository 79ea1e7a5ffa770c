// SPDX-License-Identifier: GPL-2.0-or-later
// What the lock-out guard reads: sshd_config, SSH_CONNECTION, resolv.conf and netlink.
#include "loader/host_network.h"
#include "loader/lockout_guard.h"
#include "loader/ssh_access.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace portscan;
    const std::string_view text = fuzz::text_of(data, size);
    const SshdSettings settings = parse_sshd_config(text);
    fuzz::require(!settings.ports.contains(0), "nobody listens on port 0");
    for (const std::uint16_t port : settings.ports) {
        const auto again = parse_sshd_config("port = \"" + std::to_string(port) + "\"");
        fuzz::require(again.ports == std::set{port}, "a port is read however it is written");
    }
    for (const Address &resolver : parse_resolvers(text))
        fuzz::require(parse_resolvers("nameserver " + resolver.to_string()) ==
                          std::vector{resolver},
                      "a resolver is read as it is written");
    if (const auto session = SshConnection::parse(text))
        fuzz::require(session->server_port != 0, "nobody is connected to port 0");
    const std::string name = interface_name(std::as_bytes(std::span{data, size}));
    fuzz::require(name.find('\0') == std::string::npos, "a name ends at its zero");
    return 0;
}
