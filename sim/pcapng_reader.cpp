// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/pcapng_reader.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace portscan::pcapng {
namespace {

__extension__ using Wide = __int128; // a time of 64 bits in nanoseconds

constexpr std::size_t buffer_size = 256 * 1024;
constexpr std::size_t largest_block = 16 * 1024 * 1024;
constexpr std::size_t most_interfaces = 65'536;
constexpr std::size_t smallest_block = 12;
constexpr std::size_t section_start_size = 12; ///< type, length, byte-order magic
constexpr std::size_t section_body_size = 16;
constexpr std::size_t interface_body_size = 8;
constexpr std::size_t packet_body_size = 20;
constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;

constexpr std::uint16_t option_flags = 2; // of packets, in both blocks
constexpr std::uint16_t option_check_length = 13;
constexpr std::uint16_t option_offset = 14;

constexpr std::uint16_t link_ethernet = 1;
constexpr std::uint32_t direction_mask = 3;
constexpr std::uint32_t direction_outgoing = 2;
constexpr std::int64_t ns_per_second = 1'000'000'000;

Wide power_of_ten(unsigned exponent) {
    Wide value = 1;
    for (; exponent > 0; --exponent) value *= 10;
    return value;
}

/// `ticks` of ten or two to the power of minus the resolution (if_tsresol).
Wide nanoseconds(std::uint64_t ticks, std::uint8_t resolution) {
    const unsigned exponent = resolution & 0x7fU;
    if ((resolution & 0x80U) != 0) return static_cast<Wide>(ticks) * ns_per_second >> exponent;
    if (exponent <= 9) return static_cast<Wide>(ticks) * power_of_ten(9 - exponent);
    if (exponent > 9 + 19) return 0; // no 64-bit number of them makes a nanosecond
    return static_cast<Wide>(ticks) / power_of_ten(exponent - 9);
}

/// if_fcslen is in bits; some take it for bytes, as epb_flags has them.
std::uint8_t check_length_of(std::uint8_t value) {
    return value < 8 ? value : value / 8;
}

/// What the options of a packet say that matters here.
std::uint32_t flags_of(ByteView options, ByteOrder order) {
    OptionReader reader{options, order};
    while (const auto option = reader.next())
        if (option->code == option_flags && option->value.size() == 4)
            return order.get32(option->value, 0);
    return 0;
}

/// A frame runs up to its check sequence.
void strip_check_sequence(Record &record, std::size_t length) {
    if (record.link_type != link_ethernet || length > record.wire_length) return;
    record.wire_length -= length;
    record.bytes =
        record.bytes.first(std::min<std::size_t>(record.bytes.size(), record.wire_length));
}

} // namespace

Reader::Reader(Source source, Visitor visitor) :
    source_{std::move(source)},
    visitor_{std::move(visitor)},
    buffer_(buffer_size) {}

/// Whether the next `size` bytes are there, in one piece from begin_ on.
bool Reader::fill(std::size_t size) {
    if (available() >= size) return true;
    if (begin_ + size > buffer_.size()) {
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
        end_ -= begin_;
        begin_ = 0;
        if (size > buffer_.size()) buffer_.resize(size);
    }
    while (available() < size) {
        const std::size_t count = source_(std::span{buffer_}.subspan(end_));
        if (count == 0) return false;
        end_ += count;
    }
    return true;
}

/// A section header says in which byte order it is, its own length included.
bool Reader::read_byte_order() {
    const ByteView start{buffer_.data() + begin_, available()};
    if (ByteOrder{}.get32(start, 0) != section_header) return true;
    if (!fill(section_start_size)) {
        damaged("the file is cut off within a section header");
        return false;
    }
    const ByteView bytes{buffer_.data() + begin_, available()};
    for (const ByteOrder order : {ByteOrder{false}, ByteOrder{true}}) {
        if (order.get32(bytes, 8) != byte_order_magic) continue;
        order_ = order;
        return true;
    }
    damaged("a section header without a byte order");
    return false;
}

std::optional<Block> Reader::next_block() {
    begin_ += std::exchange(block_size_, 0);
    if (!damage_.empty() || (!fill(1) && available() == 0)) return std::nullopt;
    if (!fill(8)) {
        damaged("the file is cut off within the header of a block");
        return std::nullopt;
    }
    if (!read_byte_order()) return std::nullopt;

    const ByteView start{buffer_.data() + begin_, available()};
    const std::uint32_t type = order_.get32(start, 0);
    const std::size_t length = order_.get32(start, 4);
    if (length < smallest_block || length > largest_block) {
        damaged(fmt::format("a block of {} bytes; {} to {} are possible", length, smallest_block,
                            largest_block));
        return std::nullopt;
    }
    if (!fill(length)) {
        damaged(fmt::format("the file is cut off: {} bytes of a block of {}", available(), length));
        return std::nullopt;
    }
    const ByteView bytes{buffer_.data() + begin_, length};
    if (order_.get32(bytes, length - 4) != length) {
        damaged(fmt::format("a block of {} bytes that says {} at its end", length,
                            order_.get32(bytes, length - 4)));
        return std::nullopt;
    }
    block_size_ = length;
    return Block{.type = type, .order = order_, .bytes = bytes};
}

bool Reader::start_section(const Block &block) {
    const ByteView body = block.body();
    interfaces_.clear();
    if (body.size() < section_body_size) {
        damaged("a section header that is too short");
        return false;
    }
    const unsigned major = order_.get16(body, 4);
    const unsigned minor = order_.get16(body, 6);
    if (major == 1 && (minor == 0 || minor == 2)) return true; // 1.2 means 1.0
    damaged(fmt::format("a section of pcapng version {}.{}, which is not known", major, minor));
    return false;
}

bool Reader::add_interface(const Block &block) {
    const ByteView body = block.body();
    if (body.size() < interface_body_size) {
        damaged("an interface description that is too short");
        return false;
    }
    if (interfaces_.size() == most_interfaces) {
        damaged(fmt::format("a section with more than {} interfaces", most_interfaces));
        return false;
    }
    Interface interface {
        .link_type = order_.get16(body, 0), .snap_length = order_.get32(body, 4)
    };
    OptionReader options{body.subspan(interface_body_size), order_};
    while (const auto option = options.next()) {
        if (option->code == option_resolution && option->value.size() == 1)
            interface.resolution = option->value[0];
        if (option->code == option_check_length && option->value.size() == 1)
            interface.check_length = check_length_of(option->value[0]);
        if (option->code == option_offset && option->value.size() == 8) {
            const std::size_t high = order_.is_big_endian() ? 0 : 4;
            interface.offset_s = static_cast<std::int64_t>(
                static_cast<std::uint64_t>(order_.get32(option->value, high)) << 32 |
                order_.get32(option->value, 4 - high));
        }
    }
    interfaces_.push_back(interface);
    return true;
}

Reader::Interface *Reader::find_interface(std::uint32_t id) {
    if (id < interfaces_.size()) return &interfaces_[id];
    damaged(fmt::format("a packet arrived on interface {}, and the section describes {}", id,
                        interfaces_.size()));
    return nullptr;
}

std::uint64_t Reader::time_of(const Interface &interface) {
    const Wide total = nanoseconds(interface.ticks, interface.resolution) +
                       static_cast<Wide>(interface.offset_s) * ns_per_second;
    return static_cast<std::uint64_t>(
        std::clamp(total, static_cast<Wide>(0), static_cast<Wide>(INT64_MAX)));
}

/// Of an enhanced packet, or an obsolete one, which has its interface in 16 bits and then a count
/// of drops.
std::optional<Record> Reader::read_packet(const Block &block) {
    const ByteView body = block.body();
    const std::size_t captured = body.size() < packet_body_size ? SIZE_MAX : order_.get32(body, 12);
    if (body.size() < packet_body_size || captured > body.size() - packet_body_size) {
        damaged(
            fmt::format("a packet that is longer than its block of {} bytes", block.bytes.size()));
        return std::nullopt;
    }
    Interface *const interface = find_interface(
        block.type == obsolete_packet ? order_.get16(body, 0) : order_.get32(body, 0));
    if (interface == nullptr) return std::nullopt;
    interface->ticks =
        static_cast<std::uint64_t>(order_.get32(body, 4)) << 32 | order_.get32(body, 8);

    Record record{.link_type = interface->link_type,
                  .time_ns = time_of(*interface),
                  .wire_length = std::max<std::uint64_t>(captured, order_.get32(body, 16)),
                  .bytes = body.subspan(packet_body_size, captured),
                  .block = block};
    const std::size_t used = std::min(body.size(), packet_body_size + padded(captured));
    const std::uint32_t flags = flags_of(body.subspan(used), order_);
    record.outgoing = (flags & direction_mask) == direction_outgoing;
    const std::size_t check_length = flags >> 5 & 0xf;
    strip_check_sequence(record, check_length != 0 ? check_length : interface->check_length);
    return record;
}

/// Only the length on the wire is said; the snap length of the first interface, whose it is, gives
/// what was captured.
std::optional<Record> Reader::read_simple_packet(const Block &block) {
    const ByteView body = block.body();
    if (body.size() < 4) {
        damaged("a simple packet that is too short");
        return std::nullopt;
    }
    Interface *const interface = find_interface(0);
    if (interface == nullptr) return std::nullopt;
    const std::uint32_t wire_length = order_.get32(body, 0);
    std::size_t captured = std::min<std::size_t>(wire_length, body.size() - 4);
    if (interface->snap_length != 0)
        captured = std::min<std::size_t>(captured, interface->snap_length);

    Record record{.link_type = interface->link_type,
                  .time_ns = time_of(*interface),
                  .wire_length = wire_length,
                  .bytes = body.subspan(4, captured),
                  .block = block};
    if (visitor_) {
        make_enhanced_packet(converted_,
                             {.interface_id = 0,
                              .ticks = interface->ticks,
                              .wire_length = wire_length,
                              .bytes = record.bytes},
                             order_);
        record.block = {.type = enhanced_packet, .order = order_, .bytes = converted_};
    }
    strip_check_sequence(record, interface->check_length);
    return record;
}

std::optional<Record> Reader::next() {
    while (const auto block = next_block()) {
        switch (block->type) {
        case enhanced_packet:
        case obsolete_packet:
            return read_packet(*block);
        case simple_packet:
            return read_simple_packet(*block);
        case section_header:
            if (!start_section(*block)) return std::nullopt;
            break;
        case interface_description:
            if (!add_interface(*block)) return std::nullopt;
            break;
        default:
            break;
        }
        if (visitor_) visitor_(*block);
    }
    return std::nullopt;
}

std::optional<std::uint16_t> Reader::link_type() const {
    if (interfaces_.empty()) return std::nullopt;
    return interfaces_.front().link_type;
}

} // namespace portscan::pcapng
