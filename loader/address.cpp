// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <fmt/compile.h>
#include <fmt/format.h>

namespace portscan {
namespace {

/// The leading `length` bits of one byte of an address, for the byte at `index`.
std::uint8_t byte_mask(unsigned length, std::size_t index) {
    const unsigned before = static_cast<unsigned>(index) * 8;
    if (length >= before + 8) return 0xff;
    if (length <= before) return 0;
    return static_cast<std::uint8_t>(0xff << (8 - (length - before)));
}

std::size_t mix(std::size_t seed, std::size_t value) {
    return seed ^ (value + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2));
}

} // namespace

Address Address::ipv4(const std::uint8_t *four_bytes) {
    Address address;
    std::copy_n(four_bytes, 4, address.bytes.begin());
    return address;
}

Address Address::ipv6(const std::uint8_t *sixteen_bytes) {
    Address address{.family = Family::ipv6};
    std::copy_n(sixteen_bytes, 16, address.bytes.begin());
    return address;
}

std::optional<Address> Address::parse(std::string_view text) {
    const std::string copy{text};
    std::array<std::uint8_t, 16> raw{};
    if (copy.size() != std::char_traits<char>::length(copy.c_str())) return std::nullopt;
    if (inet_pton(AF_INET, copy.c_str(), raw.data()) == 1) return ipv4(raw.data());
    if (inet_pton(AF_INET6, copy.c_str(), raw.data()) == 1) return ipv6(raw.data());
    return std::nullopt;
}

bool Address::is_link_local_ipv6() const {
    return is_ipv6() && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

Address Address::masked(unsigned length) const {
    Address result = *this;
    for (std::size_t i = 0; i < result.bytes.size(); ++i) result.bytes[i] &= byte_mask(length, i);
    return result;
}

std::string Address::to_string() const {
    if (!is_ipv6()) // inet_ntop() takes ten times as long, which listings and reports feel
        return fmt::format(FMT_COMPILE("{}.{}.{}.{}"), bytes[0], bytes[1], bytes[2], bytes[3]);
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
    return text.data();
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = Address::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    if (slash == std::string_view::npos) return host(*address);

    const std::string_view digits = text.substr(slash + 1);
    unsigned length = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    const bool whole = end == digits.data() + digits.size() && !digits.empty();
    if (error != std::errc{} || !whole || length > address->bits()) return std::nullopt;
    return Prefix{address->masked(length), length};
}

bool Prefix::contains(const Address &other) const {
    return other.family == address.family && other.masked(length) == address;
}

bool Prefix::contains(const Prefix &other) const {
    return other.length >= length && contains(other.address);
}

std::string Prefix::to_string() const {
    return is_host() ? address.to_string() : fmt::format("{}/{}", address.to_string(), length);
}

Prefix source_of(const Address &address, unsigned ipv6_prefix) {
    if (!address.is_ipv6() || address.is_link_local_ipv6()) return Prefix::host(address);
    return {address.masked(ipv6_prefix), ipv6_prefix};
}

std::size_t AddressHash::operator()(const Address &address) const {
    std::array<std::uint64_t, 2> words{};
    std::copy(address.bytes.begin(), address.bytes.end(),
              reinterpret_cast<std::uint8_t *>(words.data()));
    return mix(mix(static_cast<std::size_t>(address.family), std::hash<std::uint64_t>{}(words[0])),
               std::hash<std::uint64_t>{}(words[1]));
}

std::size_t PrefixHash::operator()(const Prefix &prefix) const {
    return mix(AddressHash{}(prefix.address), prefix.length);
}

} // namespace portscan
