// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "sim/frame.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace portscan {

/// What a packet is made of, as plain data: the state of a Packet. Numbers are in host byte order.
struct PacketFields {
    enum class Transport : std::uint8_t { tcp, udp, icmp, none };

    struct Tag {
        std::uint16_t ethertype = 0;
        std::uint16_t control = 0; ///< priority and VLAN id
    };
    struct Fragment {
        std::size_t offset = 0;            ///< bytes, a multiple of 8
        std::optional<std::size_t> length; ///< bytes taken from `offset` on; nothing: all, unmoved
        bool more = false;                 ///< where `length` is nothing
    };
    struct Extension {
        std::uint8_t protocol = 0;
        std::uint8_t length = 0;            ///< the header's own length field
        std::optional<Fragment> fragment{}; ///< of a fragment header
    };
    /// Values that replace the right ones.
    struct Overrides {
        std::optional<std::uint16_t> ethertype, ip_length, ip_checksum, checksum;
        std::optional<std::uint8_t> version, ihl, protocol, data_offset;
    };

    Transport transport = Transport::none;
    std::vector<Tag> tags{}; ///< outermost first

    /// Both or neither; without them `payload` follows `overrides.ethertype`.
    std::optional<Address> source{}, destination{};
    std::uint8_t ttl = 64;
    std::uint8_t traffic_class = 0;
    std::uint32_t identification = 1;
    Bytes ip_options{}; ///< IPv4; whole words
    std::vector<Extension> extensions{};
    std::optional<Fragment> fragment{}; ///< IPv4

    std::uint16_t source_port = 40000;
    std::uint16_t destination_port = 0;
    std::uint8_t flags = 0;
    std::uint32_t sequence = 1;
    std::uint32_t acknowledged = 0;
    std::uint16_t window = 64240;
    Bytes tcp_options{}; ///< whole words
    Bytes payload{};

    Overrides overrides{};
    std::size_t padding = 0;
    std::optional<std::size_t> cut{};
};

/// The frame. Throws std::invalid_argument where it does not fit its length fields and none is set
/// on purpose, or where a fragment lies beyond its data.
Bytes encode(const PacketFields &packet);

} // namespace portscan
