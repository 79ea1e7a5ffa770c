// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <endian.h>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace portscan {

/// An IPv4 or IPv6 address in network byte order.
struct Address {
    enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

    Family family = Family::ipv4;
    /// IPv4 uses the first four bytes; the rest is zero.
    std::array<std::uint8_t, 16> bytes{};

    static Address ipv4(const std::uint8_t *four_bytes);
    static Address ipv6(const std::uint8_t *sixteen_bytes);

    /// Text form of RFC 5952 or dotted decimal; nothing if it is neither.
    static std::optional<Address> parse(std::string_view text);

    bool is_ipv6() const { return family == Family::ipv6; }
    /// 32 or 128.
    unsigned bits() const { return is_ipv6() ? 128 : 32; }
    /// fe80::/10 (RFC 4291, section 2.5.6).
    bool is_link_local_ipv6() const;
    /// The address with every bit after the first `length` zeroed.
    Address masked(unsigned length) const;
    std::string to_string() const;

    bool operator==(const Address &) const = default;
    /// IPv4 first, then as numbers.
    std::strong_ordering operator<=>(const Address &other) const {
        const auto number = [](const Address &address, std::size_t first_byte) {
            std::uint64_t word = 0;
            std::memcpy(&word, &address.bytes[first_byte], sizeof word);
            return be64toh(word);
        };
        if (const auto order = family <=> other.family; order != 0) return order;
        if (const auto order = number(*this, 0) <=> number(other, 0); order != 0) return order;
        return number(*this, 8) <=> number(other, 8);
    }
};

/// An address and how many of its leading bits count. Bits after `length` are zero.
struct Prefix {
    Address address;
    unsigned length = 32;

    /// `ADDR` or `ADDR/LENGTH`; nothing if malformed. Host bits are cleared.
    static std::optional<Prefix> parse(std::string_view text);
    /// A whole address as a prefix.
    static Prefix host(const Address &address) { return {address, address.bits()}; }

    bool contains(const Address &other) const;
    bool contains(const Prefix &other) const;
    bool is_host() const { return length == address.bits(); }
    /// `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/64`, `fe80::1`: a whole address goes without length.
    std::string to_string() const;

    auto operator<=>(const Prefix &) const = default;
};

/// What the detector tracks for packets from `address` (docs/detection.md, "Source"): the IPv4
/// address, the IPv6 prefix of `ipv6_prefix` bits (32..128), or the whole link-local address.
Prefix source_of(const Address &address, unsigned ipv6_prefix);

struct AddressHash {
    std::size_t operator()(const Address &address) const;
};
struct PrefixHash {
    std::size_t operator()(const Prefix &prefix) const;
};

} // namespace portscan
