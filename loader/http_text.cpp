// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/http_text.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace portscan {
namespace {

std::string_view reason_of(int status) {
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 431:
        return "Request Header Fields Too Large";
    default:
        return "Internal Server Error";
    }
}

/// A bare CR above all, which is no line end and must not be taken (RFC 9112, section 2.2).
bool is_control_or_blank(char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
}

/// `%20` and `+` are blanks; a `%` without two digits stands for itself.
std::string decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned code = 0;
        const char *const digits = text.data() + i + 1;
        const bool escaped = text[i] == '%' && i + 2 < text.size() &&
                             std::from_chars(digits, digits + 2, code, 16).ptr == digits + 2;
        if (escaped) i += 2;
        const char plain = text[i] == '+' ? ' ' : text[i];
        result += escaped ? static_cast<char>(code) : plain;
    }
    return result;
}

} // namespace

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const auto end = query.find('&');
        const std::string_view pair = query.substr(0, end);
        const auto equals = pair.find('=');
        if (decoded(pair.substr(0, equals)) == name)
            return equals == std::string_view::npos ? "" : decoded(pair.substr(equals + 1));
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    }
    return std::nullopt;
}

std::optional<HttpRequestLine> parse_request_line(std::string_view head) {
    std::string_view line = head.substr(0, head.find('\n'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto method_end = line.find(' ');
    const auto target_end = line.rfind(' ');
    if (method_end == std::string_view::npos || target_end <= method_end) return std::nullopt;
    const std::string_view target = line.substr(method_end + 1, target_end - method_end - 1);
    const std::string_view version = line.substr(target_end + 1);
    const bool plain = std::none_of(target.begin(), target.end(), is_control_or_blank);
    if (!target.starts_with('/') || !plain || !version.starts_with("HTTP/1.")) return std::nullopt;
    const auto question = std::min(target.find('?'), target.size());
    HttpRequestLine result;
    result.method = line.substr(0, method_end);
    result.request.path = target.substr(0, question);
    result.request.query = target.substr(std::min(question + 1, target.size()));
    return result;
}

bool http_head_ends(std::string_view received) {
    return received.find("\r\n\r\n") != std::string_view::npos ||
           received.find("\n\n") != std::string_view::npos;
}

std::string http_message(const HttpResponse &response, bool head_only) {
    return fmt::format("HTTP/1.1 {} {}\r\n"
                       "Content-Type: {}\r\n"
                       "Content-Length: {}\r\n"
                       "{}"
                       "Connection: close\r\n\r\n"
                       "{}",
                       response.status, reason_of(response.status), response.content_type,
                       response.body.size(), response.status == 405 ? "Allow: GET, HEAD\r\n" : "",
                       head_only ? "" : response.body);
}

} // namespace portscan
