// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/console.h"

#include <algorithm>
#include <cwchar>
#include <fmt/format.h>
#include <locale>
#include <string>

namespace portscan {
namespace {

/// A terminal would do something, rather than show it: control characters of ASCII and of Unicode
/// (C1), ends of lines, what changes the direction of what follows (Unicode Standard Annex 9), and
/// halves of pairs of UTF-16, which are no characters.
bool is_obeyed(char32_t character) {
    const auto within = [character](char32_t first, char32_t last) {
        return character >= first && character <= last;
    };
    return within(0, 0x1f) || within(0x7f, 0x9f) || character == 0x61c || within(0x200e, 0x200f) ||
           within(0x2028, 0x202e) || within(0x2066, 0x2069) || within(0xd800, 0xdfff);
}

/// Nothing that a terminal would obey, and no bytes that are no UTF-8.
std::string without_control(std::string_view text) {
    using Decoder = std::codecvt<char32_t, char8_t, std::mbstate_t>;
    const auto &decoder = std::use_facet<Decoder>(std::locale::classic());
    const auto *const bytes = reinterpret_cast<const char8_t *>(text.data());
    std::string shown;
    for (std::size_t at = 0; at < text.size();) {
        std::mbstate_t state{};
        char32_t character = 0;
        char32_t *behind = nullptr;
        const char8_t *next = nullptr;
        decoder.in(state, bytes + at, bytes + text.size(), next, &character, &character + 1,
                   behind);
        const auto length = static_cast<std::size_t>(next - bytes) - at;
        const bool valid = behind != &character && length != 0;
        if (valid && !is_obeyed(character))
            shown += text.substr(at, length);
        else
            shown += '?';
        at += valid ? length : 1;
    }
    return shown;
}

/// In one line.
void print(std::string_view kind, std::string message) {
    std::replace(message.begin(), message.end(), '\n', ' ');
    const std::string line =
        without_control(fmt::format("xdp-portscan-sim: {}{}", kind, message)) + '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
}

} // namespace

void complain(std::string_view message) {
    print("", std::string{message});
}

void warn(std::string_view message) {
    print("warning: ", std::string{message});
}

std::string printable(std::string_view text) {
    return without_control(text);
}

} // namespace portscan
