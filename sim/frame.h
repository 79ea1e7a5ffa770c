// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace portscan {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// An Ethernet frame and when it arrives.
struct Frame {
    std::uint64_t time_ns = 0; ///< since the capture's epoch; synthesized traffic starts at 0
    Bytes bytes;               ///< from the destination MAC on, without frame check sequence
};

} // namespace portscan
