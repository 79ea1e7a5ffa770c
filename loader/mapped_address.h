// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"

#include <optional>

namespace portscan {

/// The IPv4 address in ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2), as which sockets show it and
/// packets never carry it; nothing for any other.
std::optional<Address> mapped_ipv4(const Address &address);

/// The IPv4 prefix that ::ffff:a.b.c.d/LENGTH stands for, LENGTH 96 or more; nothing for any other.
std::optional<Prefix> mapped_ipv4(const Prefix &prefix);

} // namespace portscan
