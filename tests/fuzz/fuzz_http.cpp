// SPDX-License-Identifier: GPL-2.0-or-later
// The head of a request to the metrics.
#include "loader/http_text.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace portscan;
    const std::string_view text = fuzz::text_of(data, size);
    http_head_ends(text);
    query_parameter(text, "module");
    const auto line = parse_request_line(text);
    if (!line) return 0;
    const auto &[method, request] = *line;
    fuzz::require(request.path.starts_with('/'), "a path starts with a slash");
    fuzz::require(request.path.find_first_of("? \t\r\n") == std::string::npos,
                  "a path ends before the query");
    const auto again =
        parse_request_line(method + " " + request.path + "?" + request.query + " HTTP/1.1\r\n");
    fuzz::require(again && again->method == method && again->request.path == request.path &&
                      again->request.query == request.query,
                  "a request reads as it is written");
    query_parameter(request.query, "module");
    return 0;
}
