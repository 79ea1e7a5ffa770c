// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/source_frame.h"

#include "sim/wire.h"

#include <algorithm>
#include <linux/if_ether.h>

namespace portscan {

SourceFrame::SourceFrame(const Packet &packet) : bytes_{packet.bytes()} {
    std::size_t type = 2 * ETH_ALEN;
    while (wire::get16(bytes_, type) == ETH_P_8021Q || wire::get16(bytes_, type) == ETH_P_8021AD)
        type += 4;
    switch (wire::get16(bytes_, type)) {
    case ETH_P_IP:
        place_ = type + 2 + 12;
        size_ = 4;
        break;
    case ETH_P_IPV6:
        place_ = type + 2 + 8;
        size_ = 16;
        break;
    default:
        break;
    }
}

ByteView SourceFrame::from(const Address &source) {
    std::copy_n(source.bytes.begin(), size_, bytes_.begin() + static_cast<std::ptrdiff_t>(place_));
    return bytes_;
}

Address scattered_source(bool ipv6, std::uint32_t number, std::uint8_t host) {
    const std::uint32_t mixed = number * 2'654'435'769U; // odd, so no two numbers meet
    Address address;
    std::size_t place = 0;
    if (ipv6) {
        address.family = Address::Family::ipv6;
        for (const unsigned byte : {0x20U, 0x01U, 0x0dU, 0xb8U}) // of documentation, RFC 3849
            address.bytes[place++] = static_cast<std::uint8_t>(byte);
        address.bytes.back() = host;
    }
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        address.bytes[place++] = static_cast<std::uint8_t>(mixed >> shift);
    return address;
}

} // namespace portscan
