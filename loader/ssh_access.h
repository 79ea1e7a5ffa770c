// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// What sshd sets in $SSH_CONNECTION for a session.
struct SshConnection {
    Address client;
    std::uint16_t server_port = 0;

    /// `CLIENT PORT SERVER PORT`; nothing if malformed. A zone (`fe80::1%eth0`) is left out.
    static std::optional<SshConnection> parse(std::string_view text);
};

/// The SSH session that this process belongs to: by its own environment, else by that of the
/// nearest ancestor that may be read and has one, since sudo hides it from what it starts. Nothing
/// if there is none.
std::optional<SshConnection> own_ssh_connection();

/// What one file of sshd_config(5) says: the ports of `Port` and `ListenAddress`, and the patterns
/// of `Include`, as written. Every text says something, if only nothing.
struct SshdSettings {
    std::set<std::uint16_t> ports;
    std::vector<std::string> includes;
};
SshdSettings parse_sshd_config(std::string_view text);

/// Ports that an sshd_config(5) makes sshd listen on: `Port`, the ports of `ListenAddress`, those
/// of the files it includes; 22 if it names none. Blocks of `Match` are read like the rest, since a
/// port too many harms nobody. A relative `Include` is relative to the folder of the file itself.
/// Each file is read once, whoever includes it. One that is there and may not be read says nothing,
/// and is appended to `unreadable`.
std::set<std::uint16_t> sshd_ports(const std::string &path, std::vector<std::string> &unreadable);

} // namespace portscan
