// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/packet_fields.h"

#include <chrono>
#include <span>
#include <string_view>

namespace portscan {

/// A packet under construction. Each call returns the packet, so that a case reads as a sentence:
/// `tcp("10.0.0.1", "10.0.0.9", 22, "S").vlan(7).fragment(0, 8)`. Lengths and checksums are right
/// unless a call sets them wrong on purpose; such a call changes that field and no bytes around it.
/// Numbers are in host byte order. What cannot be built throws std::invalid_argument.
class Packet {
  public:
    explicit Packet(PacketFields fields) : fields_(std::move(fields)) {}

    // Tags, each inside those that are already there.
    Packet &vlan(std::uint16_t id) { return tag(0x8100, id); }
    Packet &qinq(std::uint16_t outer, std::uint16_t inner) {
        return tag(0x88a8, outer).vlan(inner);
    }
    /// 802.1Q innermost, 802.1ad around it.
    Packet &vlans(std::span<const std::uint16_t> outermost_first);
    Packet &tag(std::uint16_t ethertype, std::uint16_t control);

    // IP
    Packet &ttl(std::uint8_t value);
    Packet &traffic_class(std::uint8_t dscp_and_ecn);
    Packet &identification(std::uint32_t value); ///< of fragments; IPv4 has room for 16 bits
    /// IPv4 options as they are, padded with zeros to whole words; 40 bytes at most.
    Packet &ip_options(Bytes options);

    // IPv6 extension headers (RFC 8200), in the order of the calls. `length` is the header's own
    // length field: 8-byte units beyond the first 8, for authentication 4-byte units less 2.
    Packet &hop_by_hop(std::uint8_t length = 0);
    Packet &routing(std::uint8_t length = 0);
    Packet &destination_options(std::uint8_t length = 0);
    Packet &authentication(std::uint8_t length = 4);
    Packet &mobility(std::uint8_t length = 0);

    /// Only the bytes [offset, offset + length) of the whole packet's IP payload, as a fragment;
    /// the "more" flag is set unless they are its last. For IPv6 the payload is what follows the
    /// extension headers called for before, and the fragment header stands in front of it. The
    /// transport checksum is that of the whole packet. Offsets are multiples of 8, lengths need
    /// not be.
    Packet &fragment(std::size_t offset, std::size_t length);
    /// The fields of a fragment without taking any bytes away: (0, false) on IPv6 is an atomic
    /// fragment, and every call adds a fragment header.
    Packet &fragment_fields(std::size_t offset, bool more);

    // Transport
    Packet &source_port(std::uint16_t port);
    Packet &destination_port(std::uint16_t port);
    /// Letters of `SFRPAUEC`, or `-`.
    Packet &flags(std::string_view letters);
    Packet &flags(std::uint8_t byte);
    Packet &sequence(std::uint32_t number, std::uint32_t acknowledged = 0);
    Packet &window(std::uint16_t value);
    /// TCP options as they are, padded with zeros to whole words; 40 bytes at most.
    Packet &tcp_options(Bytes options);
    Packet &payload(Bytes bytes);
    /// That many zero bytes.
    Packet &payload_size(std::size_t bytes) { return payload(Bytes(bytes)); }

    // Wrong on purpose.
    Packet &ethertype(std::uint16_t value); ///< of what the innermost tag holds
    Packet &version(std::uint8_t value);    ///< 0..15
    Packet &ihl(std::uint8_t words);        ///< 0..15
    Packet &ip_length(std::uint16_t bytes); ///< IPv4 total length, IPv6 payload length
    Packet &protocol(std::uint8_t value);   ///< IPv4 protocol, or the last next-header field
    Packet &ip_checksum(std::uint16_t value);
    Packet &data_offset(std::uint8_t words); ///< 0..15
    Packet &checksum(std::uint16_t value);   ///< of TCP, UDP or ICMP

    // The frame's end.
    Packet &padding(std::size_t bytes);  ///< zeros after the IP packet, as on short frames
    Packet &truncate(std::size_t bytes); ///< keeps at most the frame's first bytes

    Packet &at(std::chrono::nanoseconds time); ///< 0 or later

    Bytes bytes() const { return encode(fields_); }
    Frame frame() const { return {static_cast<std::uint64_t>(time_.count()), bytes()}; }

  private:
    Packet &extension(std::uint8_t protocol, std::uint8_t length);
    Packet &add_fragment(PacketFields::Fragment fragment);

    PacketFields fields_;
    std::chrono::nanoseconds time_{0};
};

/// An address, or its text: `"10.0.0.1"`, `"2001:db8::1"`. Throws std::invalid_argument.
struct Host {
    Host(const Address &host) : address(host) {}
    Host(std::string_view text);
    Host(const char *text) : Host(std::string_view{text}) {}
    Host(const std::string &text) : Host(std::string_view{text}) {}

    Address address;
};

/// IPv4 or IPv6 by the addresses, which are of one family. Source port 40000.
Packet tcp(const Host &source, const Host &destination, std::uint16_t port, std::string_view flags);
Packet udp(const Host &source, const Host &destination, std::uint16_t port);
/// An echo request.
Packet icmp(const Host &source, const Host &destination);
/// Any other protocol, with its header in `payload`.
Packet ip(const Host &source, const Host &destination, std::uint8_t protocol, Bytes payload);
/// A frame of another ethertype, or an IEEE 802.3 frame where `ethertype` is below 0x600.
Packet ethernet(std::uint16_t ethertype, Bytes payload);

} // namespace portscan
