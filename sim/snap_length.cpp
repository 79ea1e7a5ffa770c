// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/snap_length.h"

#include <algorithm>

namespace portscan {
namespace {

constexpr std::uint32_t section_header = 0x0a0d0d0a; // the same in both byte orders
constexpr std::uint32_t interface_description = 1;
/// Type and total length; a section header goes on with the byte-order magic 0x1a2b3c4d.
constexpr std::size_t block_header_size = 8;
constexpr std::size_t section_start_size = 12;
constexpr std::uint32_t smallest_block = 12;
/// An interface description goes on with link type and two reserved bytes before the snap length; a
/// pcap file has versions, time zone and accuracy between the magic and the snap length.
constexpr std::uint64_t before_interface_field = 4;
constexpr std::uint64_t before_pcap_field = 12;
constexpr std::uint64_t field_size = 4;
constexpr std::uint64_t all_the_rest = UINT64_MAX;

/// Microseconds, nanoseconds and the modified formats of the nineties, in both byte orders.
bool is_pcap_magic(std::uint32_t magic) {
    constexpr std::array<std::uint32_t, 4> known{0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, 0xa12b3c4d};
    return std::find(known.begin(), known.end(), magic) != known.end() ||
           std::find(known.begin(), known.end(), __builtin_bswap32(magic)) != known.end();
}

/// Counts `left` down by what `bytes` has of it and returns that part.
std::span<std::uint8_t> take(std::span<std::uint8_t> &bytes, std::uint64_t &left) {
    const auto part = bytes.first(std::min<std::uint64_t>(left, bytes.size()));
    bytes = bytes.subspan(part.size());
    left -= part.size();
    return part;
}

} // namespace

void SnapLengthRemover::process(std::span<std::uint8_t> bytes) {
    while (!bytes.empty()) {
        if (pass_ > 0) {
            take(bytes, pass_);
        } else if (erase_ > 0) {
            const auto field = take(bytes, erase_);
            std::fill(field.begin(), field.end(), std::uint8_t{0});
        } else if (pass_after_ > 0) {
            take(bytes, pass_after_);
        } else {
            std::uint64_t missing = wanted_ - filled_;
            const auto part = take(bytes, missing);
            std::copy(part.begin(), part.end(), header_.begin() + filled_);
            filled_ += part.size();
            if (filled_ == wanted_) header_complete();
        }
    }
}

void SnapLengthRemover::header_complete() {
    switch (step_) {
    case Step::magic:
        if (word(0) == section_header) {
            wanted_ = section_start_size;
            step_ = Step::section;
        } else {
            pass_ = is_pcap_magic(word(0)) ? before_pcap_field : all_the_rest;
            erase_ = field_size;
            pass_after_ = all_the_rest;
        }
        break;
    case Step::block:
        if (word(0) == section_header) {
            wanted_ = section_start_size;
            step_ = Step::section;
        } else {
            block_complete();
        }
        break;
    case Step::section:
        big_endian_ = header_[block_header_size] == 0x1a;
        block_complete();
        break;
    }
}

/// The start of a block is known: sets what to do with the rest of it.
void SnapLengthRemover::block_complete() {
    const std::uint32_t length = word(4);
    if (length < std::max<std::size_t>(smallest_block, filled_)) {
        pass_ = all_the_rest; // damaged: libpcap says so
        return;
    }
    std::uint64_t rest = length - filled_;
    if (word(0) == interface_description && rest >= before_interface_field + field_size) {
        pass_ = before_interface_field;
        erase_ = field_size;
        rest -= before_interface_field + field_size;
    }
    pass_after_ = rest;
    expect(Step::block, block_header_size);
}

void SnapLengthRemover::expect(Step step, std::size_t size) {
    step_ = step;
    filled_ = 0;
    wanted_ = size;
}

std::uint32_t SnapLengthRemover::word(std::size_t offset) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value = value << 8 | header_.at(offset + (big_endian_ ? i : 3 - i));
    return value;
}

} // namespace portscan
