// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/pcapng.h"

#include <algorithm>

namespace portscan::pcapng {
namespace {

constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;
constexpr std::size_t option_header_size = 4;
constexpr std::size_t packet_header_size = 20; // of the body, in both packet blocks with options
constexpr std::size_t captured_length_offset = 12;
constexpr std::size_t longest_option = UINT16_MAX;

/// Builds a block; its length is known at the end.
class BlockWriter {
  public:
    BlockWriter(Bytes &out, std::uint32_t type, ByteOrder order) : out_{out}, order_{order} {
        out_.clear();
        put32(type);
        put32(0);
    }
    void put16(std::uint16_t value) { order_.put16(out_, value); }
    void put32(std::uint32_t value) { order_.put32(out_, value); }
    void put(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
    void pad() { out_.resize(padded(out_.size())); }
    void option(std::uint16_t code, ByteView value) {
        const ByteView kept = value.first(std::min(value.size(), longest_option));
        put16(code);
        put16(static_cast<std::uint16_t>(kept.size()));
        put(kept);
        pad();
    }
    void finish() {
        const auto length = static_cast<std::uint32_t>(out_.size() + 4);
        put32(length);
        std::copy(out_.end() - 4, out_.end(), out_.begin() + 4);
    }

  private:
    Bytes &out_;
    ByteOrder order_;
};

} // namespace

std::optional<Option> OptionReader::next() {
    const ByteView rest = options_.subspan(std::min(position_, options_.size()));
    if (rest.size() < option_header_size) return std::nullopt;
    const Option option{.code = order_.get16(rest, 0), .value = {}};
    const std::size_t length = order_.get16(rest, 2);
    if (option.code == option_end || length > rest.size() - option_header_size) return std::nullopt;
    position_ += option_header_size + padded(length);
    return Option{.code = option.code, .value = rest.subspan(option_header_size, length)};
}

void make_enhanced_packet(Bytes &out, const EnhancedPacket &packet, ByteOrder order) {
    BlockWriter writer{out, enhanced_packet, order};
    writer.put32(packet.interface_id);
    writer.put32(static_cast<std::uint32_t>(packet.ticks >> 32));
    writer.put32(static_cast<std::uint32_t>(packet.ticks));
    writer.put32(static_cast<std::uint32_t>(packet.bytes.size()));
    writer.put32(packet.wire_length);
    writer.put(packet.bytes);
    writer.pad();
    writer.finish();
}

void make_section_header(Bytes &out, ByteOrder order) {
    BlockWriter writer{out, section_header, order};
    writer.put32(byte_order_magic);
    writer.put16(1); // version 1.0
    writer.put16(0);
    writer.put32(UINT32_MAX);
    writer.put32(UINT32_MAX);
    writer.finish();
}

void make_interface(Bytes &out, std::uint16_t link_type, std::uint32_t snap_length,
                    ByteOrder order) {
    constexpr std::uint8_t nanoseconds[] = {9}; // ten to the power of -9
    BlockWriter writer{out, interface_description, order};
    writer.put16(link_type);
    writer.put16(0);
    writer.put32(snap_length);
    writer.option(option_resolution, nanoseconds);
    writer.option(option_end, {});
    writer.finish();
}

void add_comment(Bytes &out, const Block &packet, ByteView comment) {
    const ByteView body = packet.body();
    const std::size_t captured = packet.order.get32(body, captured_length_offset);
    const ByteView head = body.first(packet_header_size + captured);
    const ByteView rest = body.subspan(std::min(body.size(), padded(head.size())));
    OptionReader options{rest, packet.order};
    while (options.next()) {
    }

    BlockWriter writer{out, packet.type, packet.order};
    writer.put(head);
    writer.pad();
    writer.put(rest.first(std::min(options.position(), rest.size())));
    writer.pad(); // of a last option that the block's end cut short
    writer.option(option_comment, comment);
    writer.option(option_end, {});
    writer.finish();
}

} // namespace portscan::pcapng
