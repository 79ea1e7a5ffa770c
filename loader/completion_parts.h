// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/command_tree.h"

#include <cstdint>
#include <string>
#include <string_view>

// What the completions of the three shells have in common.
namespace portscan::completion {

std::string replaced(std::string text, std::string_view from, std::string_view to);
/// The name of a program as part of a function's name.
std::string identifier(const std::string &name);
/// A word of a shell in single quotes; bash, zsh and fish agree on this form.
std::string quoted(const std::string &text);

/// What the value of an option is completed with.
enum class Value : std::uint8_t { none, text, file, folder, interface, words };
Value value_of(const CommandOption &option);
/// Of Value::words, parted by blanks.
std::string words_of(const CommandOption &option);
/// Names of the subcommands, parted by blanks.
std::string subcommands_of(const CommandTree &command);

/// Calls visit(command, path) for the program, whose path is empty, and every command beneath it,
/// whose path is ` allow add`.
template <typename Visit>
void for_each_command(const CommandTree &command, const std::string &path, Visit visit) {
    visit(command, path);
    for (const CommandTree &child : command.commands)
        for_each_command(child, path + " " + child.name, visit);
}

} // namespace portscan::completion
