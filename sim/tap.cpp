// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/tap.h"

#include "sim/console.h"
#include "sim/utf8.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <fmt/ostream.h>

namespace portscan {

std::string tap_description(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '\\' || c == '#') escaped += '\\';
        escaped += c == '\n' || c == '\r' ? ' ' : c;
    }
    return printable(escaped);
}

std::string yaml_string(std::string_view text) {
    std::string quoted = "\"";
    while (!text.empty()) {
        const auto [character, length] = first_character(text);
        if (character == '"' || character == '\\')
            quoted += fmt::format("\\{}", text.front());
        else if (character == '\n')
            quoted += "\\n";
        else if (length == 0)
            quoted += '?';
        else if (moves_terminal(character))
            quoted += character < 0x100
                          ? fmt::format("\\x{:02x}", static_cast<std::uint32_t>(character))
                          : fmt::format("\\u{:04x}", static_cast<std::uint32_t>(character));
        else
            quoted += text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return quoted + '"';
}

TapWriter::TapWriter(std::ostream &out, std::size_t cases) : out_(out) {
    fmt::print(out_, "TAP version 14\n1..{}\n", cases);
    out_.flush();
}

void TapWriter::write(const CaseResult &result) {
    const std::string name =
        result.title.empty() ? result.file : fmt::format("{}: {}", result.file, result.title);
    fmt::print(out_, "{} {} - {}\n", result.passed() ? "ok" : "not ok", ++number_,
               tap_description(name));
    if (!result.passed()) write_diagnostics(result);
    if (!result.limitation.empty()) comment("limitation: " + result.limitation);
    out_.flush();
}

void TapWriter::write_diagnostics(const CaseResult &result) {
    out_ << "  ---\n";
    if (!result.errors.empty()) out_ << "  errors:\n";
    for (const std::string &error : result.errors)
        fmt::print(out_, "    - {}\n", yaml_string(error));
    if (!result.mismatches.empty()) out_ << "  mismatches:\n";
    for (const Mismatch &mismatch : result.mismatches) {
        fmt::print(out_, "    - at: {}\n",
                   yaml_string(fmt::format("{}:{}", result.file, mismatch.line)));
        fmt::print(out_, "      what: {}\n", yaml_string(mismatch.what));
        fmt::print(out_, "      expected: {}\n", yaml_string(mismatch.expected));
        fmt::print(out_, "      got: {}\n", yaml_string(mismatch.got));
        const std::string frame = describe_frame(mismatch);
        if (!frame.empty()) fmt::print(out_, "      frame: {}\n", yaml_string(frame));
    }
    if (!result.command.empty()) fmt::print(out_, "  reproduce: {}\n", yaml_string(result.command));
    out_ << "  ...\n";
}

void TapWriter::comment(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        fmt::print(out_, "# {}\n", printable(text.substr(0, end)));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    out_.flush();
}

void TapWriter::bail_out(std::string_view reason) {
    fmt::print(out_, "Bail out! {}\n", tap_description(reason));
    out_.flush();
}

} // namespace portscan
