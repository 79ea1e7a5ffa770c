// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/console.h"

#include <algorithm>
#include <fmt/format.h>
#include <string>

namespace portscan {
namespace {

void print(std::string_view kind, std::string_view message) {
    std::string line = fmt::format("xdp-portscan-sim: {}{}", kind, message);
    std::replace_if(
        line.begin(), line.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
}

} // namespace

void complain(std::string_view message) {
    print("", message);
}

void warn(std::string_view message) {
    print("warning: ", message);
}

} // namespace portscan
