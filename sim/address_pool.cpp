// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/address_pool.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace portscan {
namespace {

constexpr unsigned network_bits = 64; // what one IPv6 site's host has for itself

/// How many of the prefix's bits are left for numbering.
unsigned free_bits(const Prefix &prefix) {
    const bool by_network = prefix.address.is_ipv6() && prefix.length <= network_bits;
    return (by_network ? network_bits : prefix.address.bits()) - prefix.length;
}

/// At most 2^63, so that the sum of two does not overflow.
std::uint64_t count_of(const Prefix &prefix) {
    return std::uint64_t{1} << std::min(free_bits(prefix), 63U);
}

/// Sets the bits of `value` into the bytes that end before `end`.
void add_bits(Address &address, std::size_t end, std::uint64_t value) {
    for (; value != 0; value >>= 8) address.bytes[--end] |= static_cast<std::uint8_t>(value);
}

Address numbered(const Prefix &prefix, std::uint64_t index) {
    Address address = prefix.address;
    if (!address.is_ipv6()) {
        add_bits(address, 4, index);
    } else if (prefix.length > network_bits) {
        add_bits(address, 16, index);
    } else {
        add_bits(address, 8, index);
        address.bytes[15] = 1;
    }
    return address;
}

} // namespace

AddressPool::AddressPool(std::vector<Prefix> prefixes) : prefixes_(std::move(prefixes)) {
    for (const Prefix &prefix : prefixes_)
        if (__builtin_add_overflow(size_, count_of(prefix), &size_)) size_ = UINT64_MAX;
}

Address AddressPool::at(std::uint64_t index) const {
    for (const Prefix &prefix : prefixes_) {
        if (index < count_of(prefix)) return numbered(prefix, index);
        index -= count_of(prefix);
    }
    return numbered(prefixes_.back(), 0);
}

Address AddressPool::pick(Random &random) const {
    std::uint64_t index = random.below(size_);
    std::size_t chosen = 0;
    while (chosen + 1 < prefixes_.size() && index >= count_of(prefixes_[chosen]))
        index -= count_of(prefixes_[chosen++]);

    const Prefix &prefix = prefixes_[chosen];
    Address noise = prefix.address;
    for (std::size_t i = 0; i < prefix.address.bits() / 8; ++i)
        noise.bytes[i] = static_cast<std::uint8_t>(random.next());
    Address address = prefix.address;
    const Address fixed = noise.masked(prefix.length);
    for (std::size_t i = 0; i < address.bytes.size(); ++i)
        address.bytes[i] |= static_cast<std::uint8_t>(noise.bytes[i] ^ fixed.bytes[i]);
    return address;
}

} // namespace portscan
