// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/console.h"

#include "sim/utf8.h"

#include <algorithm>
#include <fmt/format.h>
#include <string>

namespace portscan {
namespace {

/// In one line.
void print(std::string_view kind, std::string message) {
    std::replace(message.begin(), message.end(), '\n', ' ');
    const std::string line = printable(fmt::format("xdp-portscan-sim: {}{}", kind, message)) + '\n';
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
    std::string shown;
    while (!text.empty()) {
        const auto [character, length] = first_character(text);
        if (length != 0 && !moves_terminal(character))
            shown += text.substr(0, length);
        else
            shown += '?';
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return shown;
}

} // namespace portscan
