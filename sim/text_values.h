// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "loader/options.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace portscan {

// Values as they stand in packet rows, scenarios and on command lines. Nothing where malformed;
// blanks around the items of a list are allowed, empty items and empty lists are not.

/// Decimal digits alone, up to `limit`.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t limit);
/// `22,80,8000-8100`, in the order given.
std::optional<std::vector<PortRange>> parse_ports(std::string_view text);
/// VLAN ids from 0 to 4095, outermost first: `100,7`.
std::optional<std::vector<std::uint16_t>> parse_vlans(std::string_view text);
/// `10.0.0.1,10.1.0.0/16`.
std::optional<std::vector<Prefix>> parse_prefixes(std::string_view text);

} // namespace portscan
