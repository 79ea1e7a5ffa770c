// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace portscan {

/// Where a TCP server listens.
struct HttpEndpoint {
    Address address;
    std::uint16_t port = 0; ///< 0: any that is free

    /// `127.0.0.1:7979`, `[::1]:7979`, `:7979` for every IPv4 address; nothing if malformed.
    static std::optional<HttpEndpoint> parse(std::string_view text);
    std::string to_string() const;

    bool operator==(const HttpEndpoint &) const = default;
};

} // namespace portscan
