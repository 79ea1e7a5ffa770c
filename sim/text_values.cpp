// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/text_values.h"

#include <algorithm>
#include <charconv>

namespace portscan {
namespace {

constexpr std::uint64_t max_port = 65535;
constexpr std::uint64_t max_vlan = 4095;

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

/// Each item of a comma list through `parse_item`; nothing if one is malformed.
template <typename Parse>
auto parse_list(std::string_view text, Parse parse_item) {
    using Item = typename decltype(parse_item(text))::value_type;
    std::optional<std::vector<Item>> items{std::in_place};
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find(',', begin), text.size());
        const auto item = parse_item(trimmed(text.substr(begin, end - begin)));
        if (!item) return decltype(items){};
        items->push_back(*item);
        begin = end + 1;
    }
    return items;
}

std::optional<PortRange> parse_range(std::string_view text) {
    const auto dash = text.find('-');
    const auto first = parse_number(text.substr(0, dash), max_port);
    const auto last =
        dash == std::string_view::npos ? first : parse_number(text.substr(dash + 1), max_port);
    if (!first || !last || *first > *last) return std::nullopt;
    return PortRange{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

std::optional<std::uint16_t> parse_vlan(std::string_view text) {
    const auto id = parse_number(text, max_vlan);
    if (!id) return std::nullopt;
    return static_cast<std::uint16_t>(*id);
}

} // namespace

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t limit) {
    std::uint64_t value = 0;
    const char *end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end || value > limit) return std::nullopt;
    return value;
}

std::optional<std::vector<PortRange>> parse_ports(std::string_view text) {
    return parse_list(text, parse_range);
}

std::optional<std::vector<std::uint16_t>> parse_vlans(std::string_view text) {
    return parse_list(text, parse_vlan);
}

std::optional<std::vector<Prefix>> parse_prefixes(std::string_view text) {
    return parse_list(text, Prefix::parse);
}

} // namespace portscan
