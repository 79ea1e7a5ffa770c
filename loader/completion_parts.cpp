// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/completion_parts.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <initializer_list>
#include <vector>

namespace portscan::completion {
namespace {

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> starts) {
    return std::any_of(starts.begin(), starts.end(),
                       [&](std::string_view start) { return text.starts_with(start); });
}

} // namespace

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

std::string identifier(const std::string &name) {
    return replaced(name, "-", "_");
}

std::string quoted(const std::string &text) {
    return "'" + replaced(text, "'", "'\\''") + "'";
}

Value value_of(const CommandOption &option) {
    const std::string_view name = option.value_name;
    if (name.empty()) return Value::none;
    if (name.find('|') != std::string_view::npos) return Value::words;
    if (starts_with_any(name, {"FILE", "CAPTURE", "PATH"})) return Value::file;
    if (name.starts_with("DIR")) return Value::folder;
    return name.starts_with("IFACE") ? Value::interface : Value::text;
}

std::string words_of(const CommandOption &option) {
    return replaced(option.value_name, "|", " ");
}

std::string subcommands_of(const CommandTree &command) {
    std::vector<std::string> names;
    for (const CommandTree &child : command.commands) names.push_back(child.name);
    return fmt::format("{}", fmt::join(names, " "));
}

} // namespace portscan::completion
