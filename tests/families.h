// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ostream>

// Both address families in one test.
namespace portscan::test {

/// Two addresses of one family that have nothing to do with each other.
struct Family {
    const char *name;
    bool ipv6;
    const char *scanner; ///< the source under test
    const char *bystander;
    const char *host; ///< to which they send
};

inline constexpr std::array families{
    Family{"IPv4", false, "10.0.0.1", "10.0.0.2", "10.0.0.9"},
    Family{"IPv6", true, "2001:db8::1", "2001:db8:0:1::1", "fd00::9"}};

inline void PrintTo(const Family &family, std::ostream *out) {
    *out << family.name;
}

/// Source number `number` of the family, up to 2^24: an address, for IPv6 with a /64 of its own.
inline Address numbered(const Family &family, unsigned number) {
    const auto byte = [&](unsigned shift) { return static_cast<std::uint8_t>(number >> shift); };
    const std::array<std::uint8_t, 4> bytes{11, byte(16), byte(8), byte(0)};
    if (!family.ipv6) return Address::ipv4(bytes.data());
    static const Address first = Address::parse("2a00::1").value();
    Address address = first;
    std::copy(bytes.begin() + 1, bytes.end(), address.bytes.begin() + 3);
    return address;
}

} // namespace portscan::test
