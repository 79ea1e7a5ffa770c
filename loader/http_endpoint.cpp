// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/http_endpoint.h"

#include <charconv>
#include <fmt/format.h>

namespace portscan {

std::optional<HttpEndpoint> HttpEndpoint::parse(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const std::string_view digits = text.substr(colon + 1);
    const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);

    HttpEndpoint endpoint;
    const char *const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, endpoint.port);
    if (error != std::errc{} || stop != end) return std::nullopt;
    if (host.empty() && !bracketed) return endpoint;
    const auto address = Address::parse(host);
    if (!address || address->is_ipv6() != bracketed) return std::nullopt;
    endpoint.address = *address;
    return endpoint;
}

std::string HttpEndpoint::to_string() const {
    const std::string host = address.to_string();
    return address.is_ipv6() ? fmt::format("[{}]:{}", host, port)
                             : fmt::format("{}:{}", host, port);
}

} // namespace portscan
