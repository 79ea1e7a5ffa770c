// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace portscan {

/// One end of a conversation as people write it: `10.0.0.1`, `10.0.0.1:22`, `2001:db8::1`,
/// `[2001:db8::1]`, `[2001:db8::1]:22`.
struct Endpoint {
    Address address;
    std::optional<std::uint16_t> port{};

    /// Nothing if malformed. An IPv6 address without brackets has no port.
    static std::optional<Endpoint> parse(std::string_view text);
    /// Brackets only where a port follows.
    std::string to_string() const;

    bool operator==(const Endpoint &) const = default;
};

} // namespace portscan
