// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/completion.h"

#include "loader/completion_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string_view>
#include <vector>

namespace portscan {
namespace {

using namespace completion;

/// Brackets and colons part the fields of an _arguments specification.
std::string zsh_text(const std::string &text) {
    std::string result = replaced(text, "\\", "\\\\");
    for (const char *const special : {"[", "]", ":"})
        result = replaced(result, special, std::string{"\\"} + special);
    return result;
}

std::string zsh_action(const CommandOption &option) {
    switch (value_of(option)) {
    case Value::file:
        return "_files";
    case Value::folder:
        return "_files -/";
    case Value::interface:
        return "_net_interfaces";
    case Value::words:
        return "(" + words_of(option) + ")";
    case Value::none:
    case Value::text:
        return " ";
    }
    return " ";
}

std::string zsh_option(const CommandOption &option, const std::string &flag) {
    const std::string text = zsh_text(option.help);
    if (option.value_name.empty()) return quoted(fmt::format("*{}[{}]", flag, text));
    return quoted(fmt::format("*{}{}[{}]:{}:{}", flag, flag.starts_with("--") ? "=" : "", text,
                              zsh_text(option.value_name), zsh_action(option)));
}

std::string zsh_options(const CommandTree &command) {
    std::string words;
    for (const CommandOption &option : command.options)
        for (const std::string &flag : option.flags)
            words += fmt::format(" \\\n        {}", zsh_option(option, flag));
    for (const CommandOption &argument : command.arguments)
        words += fmt::format(
            " \\\n        {}",
            quoted(fmt::format("*:{}:{}", zsh_text(argument.value_name), zsh_action(argument))));
    return words;
}

std::string zsh_function_name(const std::string &program, const std::string &path) {
    return identifier(program) + identifier(replaced(path, " ", "__"));
}

/// One function a command; one with subcommands hands the rest of the line to theirs.
std::string zsh_function(const CommandTree &command, const std::string &program,
                         const std::string &path) {
    const std::string name = zsh_function_name(program, path);
    if (command.commands.empty())
        return fmt::format("_{}() {{\n    _arguments -s -S{}\n}}\n\n", name, zsh_options(command));
    std::string rows;
    std::string cases;
    for (const CommandTree &child : command.commands) {
        rows += fmt::format("\n        {}",
                            quoted(child.name + ":" + replaced(child.help, ":", "\\:")));
        cases += fmt::format("        {}) _{} ;;\n", child.name,
                             zsh_function_name(program, path + " " + child.name));
    }
    return fmt::format("_{0}() {{\n"
                       "    local curcontext=$curcontext state line\n"
                       "    local -a commands=({1}\n    )\n"
                       "    _arguments -C{2} \\\n        '1:command:->command' '*::rest:->rest'\n"
                       "    case $state in\n"
                       "    command) _describe command commands ;;\n"
                       "    rest)\n        case $words[1] in\n{3}        esac\n        ;;\n"
                       "    esac\n}}\n\n",
                       name, rows, zsh_options(command), cases);
}

} // namespace

std::string zsh_completion(const CommandTree &program) {
    std::string text = fmt::format("#compdef {}\n\n", program.name);
    for_each_command(program, "", [&](const CommandTree &command, const std::string &path) {
        text += zsh_function(command, program.name, path);
    });
    return text + fmt::format("_{} \"$@\"\n", identifier(program.name));
}

} // namespace portscan
