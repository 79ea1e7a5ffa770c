// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/mapped_address.h"

#include <algorithm>

namespace portscan {
namespace {

constexpr std::array<std::uint8_t, 12> lead{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned lead_bits = 96;

} // namespace

std::optional<Address> mapped_ipv4(const Address &address) {
    if (!address.is_ipv6() || !std::equal(lead.begin(), lead.end(), address.bytes.begin()))
        return std::nullopt;
    return Address::ipv4(address.bytes.data() + lead.size());
}

std::optional<Prefix> mapped_ipv4(const Prefix &prefix) {
    const auto address = mapped_ipv4(prefix.address);
    if (!address || prefix.length < lead_bits) return std::nullopt;
    return Prefix{*address, prefix.length - lead_bits};
}

} // namespace portscan
