// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/packet_fields.h"
#include "sim/wire.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdexcept>

namespace portscan {
namespace {

using Transport = PacketFields::Transport;
using wire::put, wire::put8, wire::put16, wire::put32, wire::put_zeros, wire::set16;

// Locally administered, so that they are nobody's.
constexpr std::array<std::uint8_t, 12> macs{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};

ByteView raw(const Address &address) {
    return ByteView{address.bytes}.first(address.bits() / 8);
}

std::uint8_t transport_protocol(const PacketFields &packet) {
    switch (packet.transport) {
    case Transport::tcp:
        return IPPROTO_TCP;
    case Transport::udp:
        return IPPROTO_UDP;
    case Transport::icmp:
        return static_cast<std::uint8_t>(packet.source->is_ipv6() ? +IPPROTO_ICMPV6
                                                                  : +IPPROTO_ICMP);
    case Transport::none:
        break;
    }
    return IPPROTO_NONE;
}

/// A length for a 16-bit field, or the value that stands there on purpose.
std::uint16_t length_field(std::size_t actual, const std::optional<std::uint16_t> &override) {
    if (override) return *override;
    if (actual > 0xffff)
        throw std::invalid_argument(
            fmt::format("{} bytes of IP do not fit its length field: set ip_length", actual));
    return static_cast<std::uint16_t>(actual);
}

void put_tcp_header(Bytes &out, const PacketFields &packet) {
    const unsigned words = 5 + static_cast<unsigned>(packet.tcp_options.size() / 4);
    put16(out, packet.source_port);
    put16(out, packet.destination_port);
    put32(out, packet.sequence);
    put32(out, packet.acknowledged);
    put8(out, packet.overrides.data_offset.value_or(static_cast<std::uint8_t>(words)) << 4U);
    put8(out, packet.flags);
    put16(out, packet.window);
    put32(out, 0); // checksum, urgent pointer
    put(out, packet.tcp_options);
}

void put_udp_header(Bytes &out, const PacketFields &packet) {
    const std::size_t length = 8 + packet.payload.size();
    put16(out, packet.source_port);
    put16(out, packet.destination_port);
    put16(out, length > 0xffff ? 0 : static_cast<unsigned>(length)); // RFC 2675, section 4
    put16(out, 0);
}

void put_echo_request(Bytes &out, bool ipv6) {
    put16(out, ipv6 ? 0x8000 : 0x0800);
    put16(out, 0); // checksum
    put16(out, 1); // identifier
    put16(out, 1); // sequence
}

/// Fills the checksum at `offset` of a whole segment.
void set_checksum(Bytes &segment, std::size_t offset, const PacketFields &packet) {
    wire::Checksum sum;
    sum.add(segment);
    if (packet.transport != Transport::icmp || packet.source->is_ipv6()) // pseudo header
        sum.add(raw(*packet.source))
            .add(raw(*packet.destination))
            .add(static_cast<std::uint32_t>(segment.size()))
            .add(transport_protocol(packet));
    std::uint16_t value = sum.value();
    if (packet.transport == Transport::udp && value == 0) value = 0xffff; // 0 means none (RFC 768)
    set16(segment, offset, packet.overrides.checksum.value_or(value));
}

Bytes transport_segment(const PacketFields &packet) {
    Bytes out;
    std::size_t checksum_offset = 0;
    switch (packet.transport) {
    case Transport::none:
        return packet.payload;
    case Transport::tcp:
        put_tcp_header(out, packet);
        checksum_offset = 16;
        break;
    case Transport::udp:
        put_udp_header(out, packet);
        checksum_offset = 6;
        break;
    case Transport::icmp:
        put_echo_request(out, packet.source->is_ipv6());
        checksum_offset = 2;
        break;
    }
    put(out, packet.payload);
    set_checksum(out, checksum_offset, packet);
    return out;
}

/// Takes a fragment's bytes out of `data`; tells whether more follow.
bool take_fragment(Bytes &data, const PacketFields::Fragment &fragment) {
    if (!fragment.length) return fragment.more;
    if (fragment.offset >= data.size())
        throw std::invalid_argument(
            fmt::format("a fragment at {} lies beyond the {} bytes of its packet", fragment.offset,
                        data.size()));
    const std::size_t length = std::min(*fragment.length, data.size() - fragment.offset);
    const bool more = fragment.offset + length < data.size();
    const auto first = data.begin() + static_cast<std::ptrdiff_t>(fragment.offset);
    data = Bytes(first, first + static_cast<std::ptrdiff_t>(length));
    return more;
}

Bytes ipv4_packet(const PacketFields &packet) {
    Bytes upper = transport_segment(packet);
    unsigned fragment_field = 0;
    if (packet.fragment) {
        const bool more = take_fragment(upper, *packet.fragment);
        fragment_field = static_cast<unsigned>(packet.fragment->offset / 8) | (more ? 0x2000U : 0U);
    }
    const auto &set = packet.overrides;
    const std::size_t header = 20 + packet.ip_options.size();
    const auto words = static_cast<std::uint8_t>(header / 4);

    Bytes out;
    put8(out, set.version.value_or(4) << 4U | set.ihl.value_or(words));
    put8(out, packet.traffic_class);
    put16(out, length_field(header + upper.size(), set.ip_length));
    put16(out, packet.identification);
    put16(out, fragment_field);
    put8(out, packet.ttl);
    put8(out, set.protocol.value_or(transport_protocol(packet)));
    put16(out, 0);
    put(out, raw(*packet.source));
    put(out, raw(*packet.destination));
    put(out, packet.ip_options);
    set16(out, 10, set.ip_checksum.value_or(wire::Checksum{}.add(out).value()));
    put(out, upper);
    return out;
}

void put_fragment_header(Bytes &out, const PacketFields &packet, std::size_t offset, bool more) {
    put8(out, 0); // reserved
    put16(out, static_cast<unsigned>(offset) | (more ? 1U : 0U));
    put32(out, packet.identification);
}

/// An extension header but for its first byte: options are one PadN, everything else is zeros.
void put_extension_body(Bytes &out, const PacketFields::Extension &extension) {
    const bool authentication = extension.protocol == IPPROTO_AH;
    const std::size_t size =
        authentication ? (extension.length + 2U) * 4 : (extension.length + 1U) * 8;
    put8(out, extension.length);
    std::size_t left = size - 2;
    if (extension.protocol == IPPROTO_HOPOPTS || extension.protocol == IPPROTO_DSTOPTS) {
        for (; left > 257; left -= 257) { // PadN holds 255 bytes
            put16(out, 0x01ff);
            put_zeros(out, 255);
        }
        if (left == 1) {
            put8(out, 0); // Pad1
            return;
        }
        put16(out, 0x0100 | static_cast<unsigned>(left - 2));
        left -= 2;
    }
    put_zeros(out, left);
}

Bytes ipv6_packet(const PacketFields &packet) {
    const auto &set = packet.overrides;
    Bytes upper = transport_segment(packet);
    std::uint8_t next = set.protocol.value_or(transport_protocol(packet));
    // From the innermost extension header outwards: a fragment takes its bytes from all inside it.
    for (auto extension = packet.extensions.rbegin(); extension != packet.extensions.rend();
         ++extension) {
        Bytes header{next};
        if (const auto &fragment = extension->fragment)
            put_fragment_header(header, packet, fragment->offset, take_fragment(upper, *fragment));
        else
            put_extension_body(header, *extension);
        put(header, upper);
        upper = std::move(header);
        next = extension->protocol;
    }

    Bytes out;
    put32(out, set.version.value_or(6U) << 28U | packet.traffic_class << 20U);
    put16(out, length_field(upper.size(), set.ip_length));
    put8(out, next);
    put8(out, packet.ttl);
    put(out, raw(*packet.source));
    put(out, raw(*packet.destination));
    put(out, upper);
    return out;
}

} // namespace

Bytes encode(const PacketFields &packet) {
    Bytes frame(macs.begin(), macs.end());
    for (const auto &[ethertype, control] : packet.tags) {
        put16(frame, ethertype);
        put16(frame, control);
    }
    const bool ip = packet.source && packet.destination;
    const unsigned natural = ip && packet.source->is_ipv6() ? ETHERTYPE_IPV6 : ETHERTYPE_IP;
    put16(frame, packet.overrides.ethertype.value_or(static_cast<std::uint16_t>(natural)));
    if (!ip)
        put(frame, packet.payload);
    else
        put(frame, packet.source->is_ipv6() ? ipv6_packet(packet) : ipv4_packet(packet));
    put_zeros(frame, packet.padding);
    if (packet.cut && *packet.cut < frame.size()) frame.resize(*packet.cut);
    return frame;
}

} // namespace portscan
