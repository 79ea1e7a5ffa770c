// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/html_page.h"

#include "loader/digest.h"
#include "sim/page/page.h"
#include "sim/script_stream.h"

#include <fmt/format.h>
#include <ostream>

namespace portscan {
namespace {

/// Takes the text before the mark from the front of the page, and the mark.
std::string_view take_until(std::string_view &page, std::string_view mark) {
    const auto end = page.find(mark);
    const std::string_view before = page.substr(0, end);
    page.remove_prefix(end + mark.size());
    return before;
}

/// The page around what is put into it.
struct PageParts {
    std::string_view before_policy, before_style, before_data, before_script, end;
};

PageParts parts_of(std::string_view page) {
    PageParts parts;
    parts.before_policy = take_until(page, "<!--policy-->");
    parts.before_style = take_until(page, "/*style*/");
    parts.before_data = take_until(page, "<!--data-->");
    parts.before_script = take_until(page, "/*script*/");
    parts.end = page;
    return parts;
}

std::uint8_t digit(char hexadecimal) {
    return static_cast<std::uint8_t>(hexadecimal <= '9' ? hexadecimal - '0'
                                                        : hexadecimal - 'a' + 10);
}

/// RFC 4648 of 32 bytes, that are given as hexadecimal digits.
std::string base64(std::string_view hexadecimal) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    unsigned bits = 0, held = 0;
    for (const char four : hexadecimal) {
        held = (held << 4) | digit(four);
        bits += 4;
        if (bits < 6) continue;
        bits -= 6;
        text += alphabet[(held >> bits) & 63U];
    }
    if (bits != 0) text += alphabet[(held << (6 - bits)) & 63U];
    return text.append((4 - text.size() % 4) % 4, '=');
}

std::string script_of(const HtmlPage &page) {
    return fmt::format("{}{}", chart_library, page.script);
}

/// Nothing is loaded from anywhere, and no script runs but the page's.
std::string policy(const std::string &script) {
    const std::string digest =
        sha256_hex({reinterpret_cast<const std::uint8_t *>(script.data()), script.size()});
    return fmt::format("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                       "script-src 'sha256-{}'; style-src 'unsafe-inline'; img-src data:; "
                       "base-uri 'none'; form-action 'none'\">",
                       base64(digest));
}

} // namespace

HtmlPage replay_page() {
    return {.html = replay_html, .script = replay_script};
}

HtmlPage tune_page() {
    return {.html = tune_html, .script = tune_script};
}

void begin_page(std::ostream &out, const HtmlPage &page) {
    const PageParts parts = parts_of(page.html);
    out << parts.before_policy << policy(script_of(page)) << parts.before_style << page_style
        << parts.before_data;
}

void write_page_data(std::ostream &out, std::string_view attribute, std::string_view json) {
    out << "<script type=\"application/json\" " << attribute << '>';
    ScriptStream{out} << json;
    out << "</script>\n";
}

void end_page(std::ostream &out, const HtmlPage &page) {
    const PageParts parts = parts_of(page.html);
    out << parts.before_script << script_of(page) << parts.end;
}

} // namespace portscan
