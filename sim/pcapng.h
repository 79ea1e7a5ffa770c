// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame.h"

#include <cstddef>
#include <cstdint>
#include <optional>

/// Blocks of pcapng files (draft-ietf-opsawg-pcapng).
namespace portscan::pcapng {

// Types of blocks; that of a section header reads alike in both byte orders.
inline constexpr std::uint32_t section_header = 0x0a0d0d0a;
inline constexpr std::uint32_t interface_description = 1;
inline constexpr std::uint32_t obsolete_packet = 2;
inline constexpr std::uint32_t simple_packet = 3;
inline constexpr std::uint32_t enhanced_packet = 6;

inline constexpr std::uint16_t option_end = 0;
inline constexpr std::uint16_t option_comment = 1;
/// Of an interface description.
inline constexpr std::uint16_t option_resolution = 9;

/// Numbers in the byte order of a section.
class ByteOrder {
  public:
    constexpr ByteOrder() = default; ///< little endian
    explicit constexpr ByteOrder(bool big_endian) : big_endian_{big_endian} {}

    constexpr bool is_big_endian() const { return big_endian_; }
    /// The caller has checked that the number lies within `bytes`.
    std::uint16_t get16(ByteView bytes, std::size_t offset) const {
        return static_cast<std::uint16_t>(get(bytes, offset, 2));
    }
    std::uint32_t get32(ByteView bytes, std::size_t offset) const { return get(bytes, offset, 4); }
    void put16(Bytes &out, std::uint16_t value) const { put(out, value, 2); }
    void put32(Bytes &out, std::uint32_t value) const { put(out, value, 4); }

  private:
    std::uint32_t get(ByteView bytes, std::size_t offset, std::size_t size) const {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < size; ++i)
            value = value << 8 | bytes[offset + (big_endian_ ? i : size - 1 - i)];
        return value;
    }
    void put(Bytes &out, std::uint32_t value, unsigned size) const {
        for (unsigned i = 0; i < size; ++i)
            out.push_back(static_cast<std::uint8_t>(value >> 8 * (big_endian_ ? size - 1 - i : i)));
    }

    bool big_endian_ = false;
};

/// A whole block: type, length, body and length again.
struct Block {
    std::uint32_t type = 0;
    ByteOrder order{};
    ByteView bytes{};

    ByteView body() const { return bytes.subspan(8, bytes.size() - 12); }
};

struct Option {
    std::uint16_t code = 0;
    ByteView value{};
};

/// The options at the end of a block's body, one after the other.
class OptionReader {
  public:
    OptionReader(ByteView options, ByteOrder order) : options_{options}, order_{order} {}

    /// Nothing at their end, and where the next one is damaged.
    std::optional<Option> next();
    /// Where the next one begins, or would begin.
    std::size_t position() const { return position_; }

  private:
    ByteView options_;
    ByteOrder order_;
    std::size_t position_ = 0;
};

/// A multiple of four: fields and options are filled up to that.
constexpr std::size_t padded(std::size_t size) {
    return (size + 3) / 4 * 4;
}

/// What an enhanced packet block says of a packet.
struct EnhancedPacket {
    std::uint32_t interface_id = 0;
    std::uint64_t ticks = 0; ///< time in the unit of the interface
    std::uint32_t wire_length = 0;
    ByteView bytes{};
};

// Blocks are put into `out`, which they replace.
void make_enhanced_packet(Bytes &out, const EnhancedPacket &packet, ByteOrder order);
/// A section of unknown length.
void make_section_header(Bytes &out, ByteOrder order);
/// An interface whose times are nanoseconds.
void make_interface(Bytes &out, std::uint16_t link_type, std::uint32_t snap_length,
                    ByteOrder order);
/// The enhanced or obsolete packet block with one comment more, as its last option. What follows
/// the end of its options, or the first damaged one, goes.
void add_comment(Bytes &out, const Block &packet, ByteView comment);

} // namespace portscan::pcapng
