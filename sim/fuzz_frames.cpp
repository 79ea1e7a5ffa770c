// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/fuzz_frames.h"

#include <algorithm>
#include <array>

namespace portscan {
namespace {

constexpr std::size_t ethernet_size = 14;
constexpr std::uint8_t tcp_protocol = 6;

void put16(Bytes &bytes, std::uint16_t value) {
    bytes.push_back(static_cast<std::uint8_t>(value >> 8));
    bytes.push_back(static_cast<std::uint8_t>(value));
}

void put(Bytes &bytes, const std::uint8_t *from, std::size_t size) {
    bytes.insert(bytes.end(), from, from + size);
}

} // namespace

std::uint8_t FuzzFrames::flags() {
    constexpr std::array<std::uint8_t, 12> usual{0x02, 0x02, 0x02, 0x02, 0xc2, 0x00,
                                                 0x01, 0x29, 0x03, 0x10, 0x12, 0x04};
    return lies(4) ? octet() : pick(usual);
}

/// Of the TCP header and what follows: mostly whole, each shorter size now and then.
std::size_t FuzzFrames::segment_size() {
    if (lies(4)) return random_.below(21);
    if (one_in(400)) return random_.between(1000, 9000);
    return 20 + (one_in(3) ? random_.below(80) : 0);
}

Bytes FuzzFrames::segment() {
    Bytes tcp;
    const std::size_t size = segment_size();
    tcp.reserve(size + 20);
    put16(tcp, random_.ephemeral_port());
    put16(tcp, one_in(100) ? static_cast<std::uint16_t>(random_.next()) : pick_skewed(cast_.ports));
    for (int i = 0; i < 8; ++i) tcp.push_back(octet());
    const bool right = !lies(6);
    const std::size_t words =
        5 + (size > 20 ? random_.below(std::min<std::size_t>(11, size / 4 - 4)) : 0);
    tcp.push_back(
        static_cast<std::uint8_t>((right ? words << 4 : octet() & 0xf0) | (octet() & 0xf)));
    tcp.push_back(flags());
    tcp.resize(std::max<std::size_t>(size, 20));
    tcp.resize(size);
    return tcp;
}

/// A length field: right, zero, or a little or anything else.
std::uint16_t FuzzFrames::payload_length(std::size_t right) {
    if (!lies(6)) return static_cast<std::uint16_t>(right);
    if (one_in(3)) return 0;
    if (one_in(3)) return static_cast<std::uint16_t>(random_.next());
    return static_cast<std::uint16_t>(right + random_.below(24) - 12);
}

/// Flags and offset of a fragment; mostly of none.
std::uint16_t FuzzFrames::fragment_field(unsigned more_bit, unsigned offset_shift) {
    const unsigned more = one_in(2) ? more_bit : 0;
    const unsigned offset = one_in(2)   ? 0
                            : one_in(2) ? 1
                                        : static_cast<unsigned>(random_.below(8192));
    return static_cast<std::uint16_t>(more | offset << offset_shift);
}

Bytes FuzzFrames::ipv4(const Address &source) {
    constexpr std::array<std::uint8_t, 8> other_protocols{17, 1, 50, 4, 41, 47, 0, 255};
    const Bytes payload = segment();
    const std::size_t options = one_in(4) ? random_.below(11) : 0;
    Bytes packet;
    packet.push_back(static_cast<std::uint8_t>(0x45 + options));
    packet.push_back(octet());
    put16(packet, payload_length(20 + 4 * options + payload.size()));
    put16(packet, static_cast<std::uint16_t>(random_.next()));
    // Sometimes "don't fragment", or the reserved bit, which mean nothing here.
    put16(packet, static_cast<std::uint16_t>((lies(3) ? fragment_field(0x2000, 0) : 0) |
                                             (random_.next() & 0xc000)));
    packet.push_back(64);
    packet.push_back(one_in(24) ? pick(other_protocols) : tcp_protocol);
    put16(packet, static_cast<std::uint16_t>(random_.next()));
    put(packet, source.bytes.data(), 4);
    for (std::size_t i = 0; i < 4 + 4 * options; ++i) packet.push_back(octet());
    put(packet, payload.data(), payload.size());
    return packet;
}

/// The header in front of what `packet` holds already backwards: built from the inside out.
void FuzzFrames::put_extension(Bytes &packet, std::uint8_t protocol, std::uint8_t next) {
    Bytes header{next, 0};
    std::size_t size = 8;
    if (protocol == 44) {
        put16(header,
              one_in(3) ? static_cast<std::uint16_t>(random_.below(4) << 1) : fragment_field(1, 3));
    } else {
        const std::uint64_t length = one_in(60) ? random_.below(256) : random_.below(3);
        header[1] = static_cast<std::uint8_t>(length);
        size = protocol == 51 ? (length + 2) * 4 : (length + 1) * 8;
    }
    while (header.size() < size) header.push_back(octet());
    packet.insert(packet.begin(), header.begin(), header.end());
}

Bytes FuzzFrames::ipv6(const Address &source) {
    constexpr std::array<std::uint8_t, 8> known{0, 43, 60, 44, 51, 135, 44, 60};
    constexpr std::array<std::uint8_t, 6> other{50, 59, 17, 58, 4, 139};
    Bytes payload = segment();
    std::uint8_t protocol = one_in(24) ? pick(other) : tcp_protocol;
    const std::uint64_t extensions = !lies(2) && !one_in(4) ? 0
                                     : one_in(8)            ? random_.below(12)
                                                            : random_.below(4);
    for (std::uint64_t i = 0; i < extensions; ++i) {
        const std::uint8_t extension = pick(known);
        put_extension(payload, extension, protocol);
        protocol = extension;
    }
    Bytes packet{static_cast<std::uint8_t>(0x60 | (octet() & 0xf)), octet(), octet(), octet()};
    put16(packet, payload_length(payload.size()));
    packet.push_back(protocol);
    packet.push_back(64);
    put(packet, source.bytes.data(), 16);
    for (int i = 0; i < 16; ++i) packet.push_back(octet());
    put(packet, payload.data(), payload.size());
    return packet;
}

/// None for most frames, else one to six.
void FuzzFrames::put_tags(Bytes &frame) {
    constexpr std::array<std::uint16_t, 6> types{0x8100, 0x8100, 0x8100, 0x88a8, 0x88a8, 0x9100};
    if (!one_in(4)) return;
    for (std::uint64_t tags = random_.between(1, one_in(3) ? 6 : 2); tags > 0; --tags) {
        put16(frame, lies(10) ? types.back() : types[random_.below(types.size() - 1)]);
        put16(frame, static_cast<std::uint16_t>(random_.next()));
    }
}

/// Breaks what is there: a bit, an octet, two octets, the end.
void FuzzFrames::damage(Bytes &frame) {
    constexpr std::array<std::uint16_t, 8> values{0,      1,      0xffff, 0x8000,
                                                  0x7fff, 0x8100, 0x0800, 0x86dd};
    const std::size_t at = 12 + random_.below(std::min<std::size_t>(frame.size() - 12, 120));
    switch (random_.below(6)) {
    case 0:
        frame[at] ^= static_cast<std::uint8_t>(1 << random_.below(8));
        break;
    case 1:
        frame[at] = octet();
        break;
    case 2: {
        const std::uint16_t value = pick(values);
        frame[at] = static_cast<std::uint8_t>(value >> 8);
        if (at + 1 < frame.size()) frame[at + 1] = static_cast<std::uint8_t>(value);
        break;
    }
    case 3:
        frame[at] = static_cast<std::uint8_t>(frame[at] + random_.between(1, 3) - 2);
        break;
    default:
        frame.resize(std::max(ethernet_size, std::min(at, frame.size())));
        break;
    }
}

Bytes FuzzFrames::next() {
    wild_ = one_in(2);
    const Address source = pick_skewed(cast_.sources);
    Bytes frame(12);
    put_tags(frame);
    const Bytes packet = source.is_ipv6() ? ipv6(source) : ipv4(source);
    constexpr std::array<std::uint16_t, 6> other_types{0x0806, 0x05dc, 46, 0x88cc, 0x8847, 0x8864};
    const std::uint16_t type = source.is_ipv6() ? 0x86dd : 0x0800;
    put16(frame, lies(20) ? pick(other_types) : type);
    put(frame, packet.data(), packet.size());
    if (lies(2)) damage(frame);
    if (lies(8)) damage(frame);
    // Short frames are padded on the wire, with whatever the driver has lying there.
    const std::size_t padded = one_in(3) ? 0 : one_in(8) ? random_.between(15, 90) : 60;
    while (frame.size() < padded) frame.push_back(octet());
    return frame;
}

} // namespace portscan
