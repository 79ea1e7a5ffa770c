// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/http_server.h"

#include <optional>
#include <string>
#include <string_view>

namespace portscan {

/// The first line of a request (RFC 9112, section 3).
struct HttpRequestLine {
    std::string method;
    HttpRequest request;
};

/// Nothing where it is not `METHOD /path[?query] HTTP/1.x`.
std::optional<HttpRequestLine> parse_request_line(std::string_view head);
/// Has the empty line come that ends the head of a request?
bool http_head_ends(std::string_view received);
/// The response as it goes over the wire; with `head_only` without its body, as HEAD wants it.
std::string http_message(const HttpResponse &response, bool head_only = false);

} // namespace portscan
