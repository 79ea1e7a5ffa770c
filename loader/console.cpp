// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/console.h"

#include "loader/wall_clock.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

namespace portscan {

void complain(std::string_view message) {
    std::string line = "xdp-portscan: " + std::string{message};
    std::replace_if(
        line.begin(), line.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
}

void log_line(std::string_view line) {
    const std::string whole = std::string{line} + '\n';
    std::fwrite(whole.data(), 1, whole.size(), stderr);
}

void log_message(LogFormat format, std::string_view message) {
    if (format == LogFormat::text) return complain(message);
    const WallClock clock = WallClock::now();
    log_line(nlohmann::ordered_json{
        {"time", clock.json(clock.monotonic_ns())}, {"event", "message"}, {"message", message}}
                 .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_text(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_line(std::string_view line) {
    print_text(line);
    std::fputc('\n', stdout);
}

void finish_output() {
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
        throw std::system_error(
            errno, std::generic_category(),
            "the output is not whole (what the command changed stays): write to "
            "standard output");
}

} // namespace portscan
