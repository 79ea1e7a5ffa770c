// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace portscan {

/// Bits of byte 13 of the TCP header (RFC 9293, section 3.1).
enum TcpFlag : std::uint8_t {
    tcp_fin = 0x01,
    tcp_syn = 0x02,
    tcp_rst = 0x04,
    tcp_psh = 0x08,
    tcp_ack = 0x10,
    tcp_urg = 0x20,
    tcp_ece = 0x40,
    tcp_cwr = 0x80,
};

/// `S`, `FPU`, `SEC`; `-` for none. Letters of the packet text form.
std::string format_tcp_flags(std::uint8_t flags);
/// The flag byte for letters of `SFRPAUEC`, each once and in any order, or `-`; nothing if
/// malformed.
std::optional<std::uint8_t> parse_tcp_flags(std::string_view text);

} // namespace portscan
