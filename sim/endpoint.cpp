// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/endpoint.h"

#include "sim/text_values.h"

#include <fmt/format.h>

namespace portscan {

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
    std::string_view host = text;
    std::optional<std::string_view> port_text;
    if (text.starts_with('[')) {
        const auto bracket = text.find(']');
        if (bracket == std::string_view::npos) return std::nullopt;
        host = text.substr(1, bracket - 1);
        const std::string_view rest = text.substr(bracket + 1);
        if (!rest.empty() && rest.front() != ':') return std::nullopt;
        if (!rest.empty()) port_text = rest.substr(1);
    } else if (const auto colon = text.find(':'); colon == text.rfind(':') && colon != text.npos) {
        host = text.substr(0, colon);
        port_text = text.substr(colon + 1);
    }

    const auto address = Address::parse(host);
    if (!address || (text.starts_with('[') && !address->is_ipv6())) return std::nullopt;
    if (!port_text) return Endpoint{*address};
    const auto port = parse_number(*port_text, 65535);
    if (!port) return std::nullopt;
    return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

std::string Endpoint::to_string() const {
    if (!port) return address.to_string();
    const std::string host = address.to_string();
    return address.is_ipv6() ? fmt::format("[{}]:{}", host, *port)
                             : fmt::format("{}:{}", host, *port);
}

} // namespace portscan
