// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bench/registry/frames.h"

#include "sim/packet.h"

namespace portscan::bench {
namespace {

constexpr std::size_t source_offset = 14 + 12; // Ethernet, then within IPv4
constexpr std::size_t port_offset = 14 + 20 + 2;

} // namespace

ProbeFrame::ProbeFrame() : bytes_{tcp("10.0.0.1", "10.0.0.9", 22, "S").bytes()} {}

ByteView ProbeFrame::from(std::uint32_t number, std::uint16_t port) {
    const std::uint32_t address = source_address(number);
    for (unsigned i = 0; i < 4; ++i)
        bytes_[source_offset + i] = static_cast<std::uint8_t>(address >> (24 - 8 * i));
    bytes_[port_offset] = static_cast<std::uint8_t>(port >> 8);
    bytes_[port_offset + 1] = static_cast<std::uint8_t>(port);
    return bytes_;
}

} // namespace portscan::bench
