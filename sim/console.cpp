// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/console.h"

#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <utility>

namespace portscan {
namespace {

/// Nothing that a terminal would obey.
std::string without_control(std::string text) {
    std::replace_if(
        text.begin(), text.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return text;
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

std::string printable(std::string name) {
    return without_control(std::move(name));
}

} // namespace portscan
