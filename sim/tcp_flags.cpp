// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/tcp_flags.h"

#include <algorithm>
#include <array>

namespace portscan {
namespace {

struct Letter {
    char letter;
    std::uint8_t bit;
};
constexpr std::array<Letter, 8> letters{{{'S', tcp_syn},
                                         {'F', tcp_fin},
                                         {'R', tcp_rst},
                                         {'P', tcp_psh},
                                         {'A', tcp_ack},
                                         {'U', tcp_urg},
                                         {'E', tcp_ece},
                                         {'C', tcp_cwr}}};

} // namespace

std::string format_tcp_flags(std::uint8_t flags) {
    std::string text;
    for (const auto &[letter, bit] : letters)
        if (flags & bit) text += letter;
    return text.empty() ? "-" : text;
}

std::optional<std::uint8_t> parse_tcp_flags(std::string_view text) {
    if (text == "-") return std::uint8_t{0};
    if (text.empty()) return std::nullopt;
    std::uint8_t flags = 0;
    for (const char c : text) {
        const auto found = std::ranges::find(letters, c, &Letter::letter);
        if (found == letters.end() || (flags & found->bit)) return std::nullopt;
        flags |= found->bit;
    }
    return flags;
}

} // namespace portscan
