// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/model_packet.h"

#include <cstddef>

namespace portscan {
namespace {

using Octets = std::span<const std::uint8_t>;
using Kind = ModelPacket::Kind;

/// Which part of its datagram a packet is.
enum class Part : std::uint8_t { whole, first_fragment, later_fragment };

constexpr std::uint8_t protocol_tcp = 6;

/// Two octets in network byte order.
std::uint16_t number_at(Octets octets, std::size_t offset) {
    return static_cast<std::uint16_t>(octets[offset] << 8 | octets[offset + 1]);
}

/// TCP (RFC 9293, section 3.1): ports at 0 and 2, data offset in the upper half of 12, flags at 13.
ModelPacket read_tcp(Octets segment, const Address &source, Part part) {
    constexpr std::size_t shortest_header = 20;
    constexpr std::uint8_t rst = 0x04;
    constexpr std::uint8_t ack = 0x10;

    // Of what follows the first fragment nothing is a header, whatever it looks like.
    if (part == Part::later_fragment) return {.kind = Kind::tcp, .source = source};
    if (part == Part::first_fragment && segment.size() < 4) return {.kind = Kind::malformed};
    if (part == Part::whole) {
        if (segment.size() < shortest_header) return {.kind = Kind::malformed};
        const std::size_t data_offset = (segment[12] >> 4) * std::size_t{4};
        if (data_offset < shortest_header || data_offset > segment.size())
            return {.kind = Kind::malformed};
    }
    const bool has_flags = segment.size() >= 14;
    return {.kind = Kind::tcp,
            .source = source,
            .is_probe = !has_flags || (segment[13] & (ack | rst)) == 0,
            .port = number_at(segment, 2)};
}

/// IPv4 (RFC 791, section 3.1): version and header length at 0, total length at 2, flags and
/// fragment offset at 6, protocol at 9, source at 12.
ModelPacket read_ipv4(Octets packet) {
    constexpr std::size_t shortest_header = 20;
    constexpr std::uint16_t more_fragments = 0x2000;
    constexpr std::uint16_t offset_bits = 0x1fff;

    if (packet.size() < shortest_header || packet[0] >> 4 != 4) return {.kind = Kind::malformed};
    const std::size_t header_length = (packet[0] & 0xf) * std::size_t{4};
    if (header_length < shortest_header || header_length > packet.size())
        return {.kind = Kind::malformed};
    // 0 stands for what the sender left to its network card: all that is there.
    std::size_t total_length = number_at(packet, 2);
    if (total_length == 0) total_length = packet.size();
    if (total_length < header_length || total_length > packet.size())
        return {.kind = Kind::malformed};

    const Address source = Address::ipv4(packet.data() + 12);
    if (packet[9] != protocol_tcp) return {.kind = Kind::not_tcp, .source = source};
    const std::uint16_t fragment = number_at(packet, 6);
    const Part part = (fragment & offset_bits) != 0      ? Part::later_fragment
                      : (fragment & more_fragments) != 0 ? Part::first_fragment
                                                         : Part::whole;
    return read_tcp(packet.subspan(header_length, total_length - header_length), source, part);
}

/// An IPv6 extension header: its length, and what follows it.
struct Extension {
    std::size_t length = 0;
    std::uint8_t next = 0;
};

constexpr std::uint8_t fragment_header = 44;

bool is_extension(std::uint8_t protocol) {
    return protocol == 0     // hop-by-hop options (RFC 8200, section 4.3)
           || protocol == 43 // routing (section 4.4)
           || protocol == 60 // destination options (section 4.6)
           || protocol == fragment_header || protocol == 51 // authentication (RFC 4302)
           || protocol == 135;                              // mobility (RFC 6275, section 6.1)
}

/// At least the first two octets are there. All have the next header first. The fragment header is
/// 8 octets (RFC 8200, section 4.5); authentication counts words of 4 less 2 (RFC 4302, section
/// 2.2), the others words of 8 beyond the first.
Extension read_extension(Octets rest, std::uint8_t protocol) {
    const std::size_t field = rest[1];
    if (protocol == fragment_header) return {8, rest[0]};
    if (protocol == 51) return {(field + 2) * 4, rest[0]};
    return {(field + 1) * 8, rest[0]};
}

/// What follows the fixed IPv6 header, whose next header field is `protocol`.
ModelPacket read_ipv6_payload(Octets rest, std::uint8_t protocol, const Address &source) {
    constexpr unsigned most_extensions = 8;
    const ModelPacket not_looked_into{.kind = Kind::not_tcp, .source = source};
    Part part = Part::whole;
    bool fragment_seen = false;

    for (unsigned count = 0; is_extension(protocol); ++count) {
        if (count == most_extensions) return not_looked_into;
        if (rest.size() < 2) return {.kind = Kind::malformed};
        const Extension extension = read_extension(rest, protocol);
        if (extension.length > rest.size()) return {.kind = Kind::malformed};
        if (protocol == fragment_header) {
            if (fragment_seen) return not_looked_into;
            fragment_seen = true;
            const std::uint16_t field = number_at(rest, 2); // offset, two reserved bits, more
            if ((field & 0xfff8) != 0) {
                // Here only the fragment header says what the datagram holds.
                if (extension.next != protocol_tcp) return not_looked_into;
                return read_tcp({}, source, Part::later_fragment);
            }
            // Neither offset nor "more": atomic (RFC 6946), as good as no fragment.
            if ((field & 1) != 0) part = Part::first_fragment;
        }
        protocol = extension.next;
        rest = rest.subspan(extension.length);
    }
    if (protocol != protocol_tcp) return not_looked_into;
    return read_tcp(rest, source, part);
}

/// IPv6 (RFC 8200, section 3): version at 0, payload length at 4, next header at 6, source at 8.
ModelPacket read_ipv6(Octets packet) {
    constexpr std::size_t header_length = 40;
    if (packet.size() < header_length || packet[0] >> 4 != 6) return {.kind = Kind::malformed};
    const std::size_t payload_length = number_at(packet, 4);
    if (payload_length > packet.size() - header_length) return {.kind = Kind::malformed};

    const Address source = Address::ipv6(packet.data() + 8);
    // A jumbogram (RFC 2675) has its length in an option; nobody sends TCP scans in those.
    if (payload_length == 0) return {.kind = Kind::not_tcp, .source = source};
    return read_ipv6_payload(packet.subspan(header_length, payload_length), packet[6], source);
}

} // namespace

/// Ethernet II: type at 12, after it up to four tags of 802.1Q or 802.1ad (IEEE 802.1Q, section 9),
/// each of which is two octets of its own and the next type.
ModelPacket read_packet(Octets frame) {
    constexpr std::size_t header_length = 14;
    constexpr unsigned most_tags = 4;
    const auto is_tag = [](std::uint16_t type) { return type == 0x8100 || type == 0x88a8; };

    if (frame.size() < header_length) return {.kind = Kind::malformed};
    std::uint16_t type = number_at(frame, 12);
    Octets rest = frame.subspan(header_length);
    for (unsigned tags = 0; is_tag(type) && tags < most_tags; ++tags) {
        if (rest.size() < 4) return {.kind = Kind::malformed};
        type = number_at(rest, 2);
        rest = rest.subspan(4);
    }
    if (type == 0x0800) return read_ipv4(rest);
    if (type == 0x86dd) return read_ipv6(rest);
    return {.kind = Kind::not_ip};
}

} // namespace portscan
