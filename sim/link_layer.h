// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace portscan {

/// The link layers of captures that can be presented as Ethernet
/// (https://www.tcpdump.org/linktypes.html).
enum class LinkLayer : std::uint8_t {
    ethernet,
    raw_ip, ///< starts with the IP header, of the version that its first bits say
    raw_ipv4,
    raw_ipv6,
    linux_sll,  ///< Linux "cooked" v1: 16 bytes
    linux_sll2, ///< Linux "cooked" v2: 20 bytes
    null_loop,  ///< BSD loopback: an address family in 4 bytes, of either byte order
};

constexpr std::size_t ethernet_header_size = 14;

/// How a record of another link layer turns into an Ethernet frame: the first `stripped` bytes are
/// replaced by `header`.
struct EthernetForm {
    std::size_t stripped = 0;
    /// Destination and source MAC address (0 where the record does not say) and the ethertype in
    /// network byte order.
    std::array<std::uint8_t, ethernet_header_size> header{};
    bool outgoing = false; ///< sent by the capturing host
};

/// Nothing if the record ends within its link-layer header. A raw packet whose version is neither 4
/// nor 6 is given to IPv4, where it is malformed; an address family that is no IP gets ethertype
/// 0xffff, which RFC 1701 reserves. Cooked records keep their protocol field. Not for Ethernet.
std::optional<EthernetForm> ethernet_form(LinkLayer layer, ByteView record);

/// Length of the link-layer header that ethernet_form() strips; 0 for Ethernet.
std::size_t link_header_size(LinkLayer layer);

} // namespace portscan
