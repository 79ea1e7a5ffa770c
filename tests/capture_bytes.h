// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame.h"

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan::test {

enum LinkType : std::uint16_t {
    link_null = 0,
    link_ethernet = 1,
    link_raw = 101,
    link_wifi = 105,
    link_loop = 108,
    link_sll = 113,
    link_ipv4 = 228,
    link_ipv6 = 229,
    link_sll2 = 276,
};

/// Bytes put together field by field, in one byte order.
class ByteWriter {
  public:
    explicit ByteWriter(std::endian order = std::endian::little) : order_{order} {}

    ByteWriter &u16(std::uint16_t value) { return number(value, 2); }
    ByteWriter &u32(std::uint32_t value) { return number(value, 4); }
    ByteWriter &raw(ByteView bytes) {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    /// Zeros up to a multiple of four.
    ByteWriter &pad() {
        bytes_.resize((bytes_.size() + 3) / 4 * 4);
        return *this;
    }
    /// An option of a pcapng block.
    ByteWriter &option(std::uint16_t code, ByteView value) {
        return u16(code).u16(static_cast<std::uint16_t>(value.size())).raw(value).pad();
    }
    ByteWriter &comment(std::string_view text) {
        return option(1, {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()});
    }
    const Bytes &bytes() const { return bytes_; }
    std::size_t size() const { return bytes_.size(); }

  private:
    ByteWriter &number(std::uint32_t value, unsigned size) {
        for (unsigned i = 0; i < size; ++i) {
            const unsigned shift = 8 * (order_ == std::endian::big ? size - 1 - i : i);
            bytes_.push_back(static_cast<std::uint8_t>(value >> shift));
        }
        return *this;
    }

    std::endian order_;
    Bytes bytes_;
};

struct PcapFormat {
    std::endian order = std::endian::little;
    bool nanoseconds = false;
    std::uint32_t snap_length = 262'144;
    std::uint32_t link_type = link_ethernet;
};

/// A pcap file.
class PcapBytes : public ByteWriter {
  public:
    explicit PcapBytes(const PcapFormat &format = {}) : ByteWriter{format.order} {
        u32(format.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4).u16(2).u16(4).u32(0).u32(0);
        u32(format.snap_length).u32(format.link_type);
    }
    /// `fraction` in the unit of the file; `wire_length` 0: that of the bytes.
    PcapBytes &record(std::uint32_t seconds, std::uint32_t fraction, ByteView bytes,
                      std::uint32_t wire_length = 0) {
        const auto captured = static_cast<std::uint32_t>(bytes.size());
        u32(seconds).u32(fraction).u32(captured).u32(wire_length != 0 ? wire_length : captured);
        raw(bytes);
        return *this;
    }
};

/// A pcapng file.
class PcapngBytes : public ByteWriter {
  public:
    explicit PcapngBytes(std::endian order = std::endian::little) :
        ByteWriter{order},
        order_{order} {
        section();
    }
    PcapngBytes &section() {
        return block(0x0a0d0d0a,
                     ByteWriter{order_}.u32(0x1a2b3c4d).u16(1).u16(0).u32(~0U).u32(~0U));
    }
    /// `resolution`: the exponent of if_tsresol; microseconds if none.
    PcapngBytes &interface(std::uint16_t link_type, std::uint32_t snap_length = 0,
                           std::optional<std::uint8_t> resolution = std::nullopt) {
        ByteWriter options = writer();
        if (resolution) options.option(9, Bytes{*resolution}).u32(0);
        return interface_with(options, link_type, snap_length);
    }
    PcapngBytes &interface_with(const ByteWriter &options, std::uint16_t link_type,
                                std::uint32_t snap_length = 0) {
        return block(1, writer().u16(link_type).u16(0).u32(snap_length).raw(options.bytes()));
    }
    PcapngBytes &packet(std::uint32_t interface_id, std::uint64_t time, ByteView bytes) {
        return packet_with(writer(), interface_id, time, bytes);
    }
    /// With options of writer().
    PcapngBytes &packet_with(const ByteWriter &options, std::uint32_t interface_id,
                             std::uint64_t time, ByteView bytes) {
        return block(6, packet_body(writer().u32(interface_id), time, bytes).raw(options.bytes()));
    }
    /// The packet block of before pcapng 1.0.
    PcapngBytes &obsolete_packet(const ByteWriter &options, std::uint16_t interface_id,
                                 std::uint64_t time, ByteView bytes) {
        const auto drops = std::uint16_t{0xffff}; // not known
        return block(
            2,
            packet_body(writer().u16(interface_id).u16(drops), time, bytes).raw(options.bytes()));
    }
    PcapngBytes &simple_packet(ByteView bytes, std::uint32_t wire_length) {
        return block(3, writer().u32(wire_length).raw(bytes).pad());
    }
    /// What goes into a block of this file.
    ByteWriter writer() const { return ByteWriter{order_}; }
    PcapngBytes &block(std::uint32_t type, const ByteWriter &body) {
        const auto length = static_cast<std::uint32_t>(12 + body.size());
        u32(type).u32(length).raw(body.bytes()).u32(length);
        return *this;
    }

  private:
    static ByteWriter packet_body(ByteWriter body, std::uint64_t time, ByteView bytes) {
        const auto length = static_cast<std::uint32_t>(bytes.size());
        body.u32(static_cast<std::uint32_t>(time >> 32)).u32(static_cast<std::uint32_t>(time));
        return body.u32(length).u32(length).raw(bytes).pad();
    }

    std::endian order_;
};

/// `size` bytes that differ from frame to frame and from byte to byte.
inline Bytes sample_frame(std::size_t size, std::uint8_t seed = 0) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<std::uint8_t>(seed + i * 7 + i / 256);
    return bytes;
}

/// An IPv4 packet of TCP to a port, without a link-layer header.
inline Bytes tcp_packet(std::uint16_t port) {
    Bytes packet{0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 9};
    packet.insert(packet.end(), {0x12, 0x34, static_cast<std::uint8_t>(port >> 8),
                                 static_cast<std::uint8_t>(port)});
    packet.insert(packet.end(), {0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0});
    return packet;
}

} // namespace portscan::test
