// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/frame_shape.h"
#include "tests/parsing_case.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>

namespace portscan::test {
namespace {

constexpr std::size_t ethernet_size = 14;
constexpr std::size_t tag_size = 4;
constexpr std::size_t most_tags = 4;
constexpr std::size_t most_extensions = 8;
constexpr std::size_t ipv4_size = 20;
constexpr std::size_t ipv6_size = 40;
constexpr std::size_t tcp_size = 20;

void add(Packet &packet, const Extension &header) {
    const auto words = static_cast<std::uint8_t>(header.size / 8 - 1);
    switch (header.type) {
    case 0:
        packet.hop_by_hop(words);
        break;
    case 43:
        packet.routing(words);
        break;
    case fragment_header:
        packet.fragment_fields(header.part == Part::later ? 64 : 0, header.part == Part::first);
        break;
    case 51:
        packet.authentication(static_cast<std::uint8_t>(header.size / 4 - 2));
        break;
    case 60:
        packet.destination_options(words);
        break;
    case 135:
        packet.mobility(words);
        break;
    default:
        throw std::invalid_argument("no extension header has this number");
    }
}

Kind segment_kind(const FrameShape &shape, std::size_t size, bool first) {
    if (first && size < 4) return Kind::malformed;
    if (first && size < 14) return Kind::probe;
    const std::size_t header = shape.data_offset * 4;
    if (!first && (size < tcp_size || header < tcp_size || header > size)) return Kind::malformed;
    const bool answers = std::string_view{shape.flags}.find_first_of("AR") != std::string::npos;
    return answers ? Kind::not_probe : Kind::probe;
}

/// `size`: bytes from the IP header to the frame's end.
Kind ipv4_kind(const FrameShape &shape, std::size_t size, Lengths lengths) {
    const std::size_t header = shape.ihl * 4;
    if (size < ipv4_size || header < ipv4_size || header > size) return Kind::malformed;
    const std::size_t total = lengths == Lengths::as_sent ? header + shape.segment : size;
    if (total > size) return Kind::malformed;
    if (shape.protocol != 6) return Kind::not_tcp;
    if (shape.part == Part::later) return Kind::not_probe;
    return segment_kind(shape, total - header, shape.part == Part::first);
}

Kind ipv6_kind(const FrameShape &shape, std::size_t size, Lengths lengths) {
    if (size < ipv6_size) return Kind::malformed;
    std::size_t left = size - ipv6_size;
    if (lengths == Lengths::zero) return Kind::not_tcp;
    if (lengths == Lengths::as_sent) {
        const std::size_t payload = shape.chain_size() + shape.segment;
        if (payload > left) return Kind::malformed;
        left = payload;
    }
    if (left == 0) return Kind::not_tcp;
    bool fragmented = false;
    bool first = false;
    for (std::size_t i = 0; i < shape.chain.size(); ++i) {
        const Extension &header = shape.chain[i];
        if (i == most_extensions) return Kind::not_tcp;
        if (left < header.size) return Kind::malformed;
        left -= header.size;
        if (header.type != fragment_header) continue;
        if (fragmented) return Kind::not_tcp;
        fragmented = true;
        const bool before_tcp = i + 1 == shape.chain.size() && shape.protocol == 6;
        if (header.part == Part::later) return before_tcp ? Kind::not_probe : Kind::not_tcp;
        first = header.part == Part::first;
    }
    return shape.protocol == 6 ? segment_kind(shape, left, first) : Kind::not_tcp;
}

} // namespace

std::size_t FrameShape::chain_size() const {
    std::size_t sum = 0;
    for (const Extension &header : chain) sum += header.size;
    return sum;
}

Bytes build(const FrameShape &shape) {
    const Family &family = families.at(shape.ipv6 ? 1 : 0);
    const Bytes whole =
        tcp(family.scanner, family.host, parsed_port, shape.flags).payload_size(200).bytes();
    const auto start = whole.begin() + (shape.ipv6 ? 54 : 34);
    Bytes segment{start, start + static_cast<std::ptrdiff_t>(shape.segment)};
    if (segment.size() > 12) segment[12] = static_cast<std::uint8_t>(shape.data_offset << 4);
    Packet packet = ip(family.scanner, family.host, shape.protocol, std::move(segment));
    for (const Extension &header : shape.chain) add(packet, header);
    if (!shape.ipv6) {
        if (shape.ihl > 5) packet.ip_options(Bytes((shape.ihl - 5) * 4, 1));
        if (shape.ihl < 5) packet.ihl(static_cast<std::uint8_t>(shape.ihl));
        if (shape.part != Part::whole)
            packet.fragment_fields(shape.part == Part::later ? 64 : 0, shape.part == Part::first);
    }
    for (std::size_t i = 0; i < shape.tags; ++i) packet.tag(i % 2 == 0 ? 0x88a8 : 0x8100, 7);
    if (shape.other_ethertype) packet.ethertype(0x0806);
    return packet.padding(shape.padding).bytes();
}

Bytes cut(const FrameShape &shape, const Bytes &whole, std::size_t size, Lengths lengths) {
    Bytes frame{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
    const std::size_t field = shape.ip_at() + (shape.ipv6 ? 4 : 2);
    if (lengths == Lengths::as_sent || frame.size() < field + 2) return frame;
    const std::size_t header = shape.ip_at() + (shape.ipv6 ? ipv6_size : 0);
    const std::size_t length = lengths == Lengths::zero || size < header ? 0 : size - header;
    frame[field] = static_cast<std::uint8_t>(length >> 8);
    frame[field + 1] = static_cast<std::uint8_t>(length);
    return frame;
}

Kind expected_kind(const FrameShape &shape, std::size_t size, Lengths lengths) {
    if (size < ethernet_size + tag_size * std::min(shape.tags, most_tags)) return Kind::malformed;
    if (shape.tags > most_tags || shape.other_ethertype) return Kind::not_ip;
    const std::size_t from_ip = size - shape.ip_at();
    return shape.ipv6 ? ipv6_kind(shape, from_ip, lengths) : ipv4_kind(shape, from_ip, lengths);
}

} // namespace portscan::test
