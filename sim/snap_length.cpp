// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/snap_length.h"

#include <algorithm>
#include <array>

namespace portscan {
namespace {

constexpr std::size_t magic_size = 4;
constexpr std::size_t field_begin = 16; // after magic, versions, time zone and accuracy
constexpr std::size_t field_end = 20;

} // namespace

bool is_pcap_magic(std::uint32_t magic) {
    constexpr std::array<std::uint32_t, 4> known{0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, 0xa12b3c4d};
    return std::find(known.begin(), known.end(), magic) != known.end() ||
           std::find(known.begin(), known.end(), __builtin_bswap32(magic)) != known.end();
}

void SnapLengthRemover::process(std::span<std::uint8_t> bytes) {
    for (std::size_t i = 0; i < bytes.size() && position_ < field_end; ++i, ++position_) {
        if (position_ < magic_size) magic_ = magic_ << 8 | bytes[i];
        if (position_ >= field_begin && is_pcap_magic(magic_)) bytes[i] = 0;
    }
}

} // namespace portscan
