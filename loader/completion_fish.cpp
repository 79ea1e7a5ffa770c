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

std::string fish_value(const CommandOption &option) {
    switch (value_of(option)) {
    case Value::none:
        return "";
    case Value::text:
        return " -x";
    case Value::file:
        return " -r -F";
    case Value::folder:
        return " -x -a '(__fish_complete_directories)'";
    case Value::interface:
        return " -x -a '(command ls /sys/class/net) default-route'";
    case Value::words:
        return " -x -a " + quoted(words_of(option));
    }
    return "";
}

std::string fish_flags(const CommandOption &option) {
    std::string text;
    for (const std::string &flag : option.flags)
        text += flag.starts_with("--") ? " -l " + flag.substr(2) : " -s " + flag.substr(1);
    return text;
}

/// True on the line of exactly that command: its words are there, and none of its subcommands.
std::string fish_condition(const CommandTree &command, const std::string &path) {
    std::vector<std::string> tests;
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find(' ', begin + 1), path.size());
        tests.push_back("__fish_seen_subcommand_from" + path.substr(begin, end - begin));
        begin = end;
    }
    if (!command.commands.empty())
        tests.push_back("not __fish_seen_subcommand_from " + subcommands_of(command));
    return tests.empty() ? "" : " -n " + quoted(fmt::format("{}", fmt::join(tests, "; and ")));
}

std::string fish_rows(const CommandTree &program, const CommandTree &command,
                      const std::string &path) {
    const std::string start =
        fmt::format("complete -c {}{}", program.name, fish_condition(command, path));
    std::string rows;
    for (const CommandTree &child : command.commands)
        rows += fmt::format("{} -f -a {} -d {}\n", start, child.name, quoted(child.help));
    for (const CommandOption &option : command.options)
        rows += fmt::format("{}{}{} -d {}\n", start, fish_flags(option), fish_value(option),
                            quoted(option.help));
    for (const CommandOption &argument : command.arguments) {
        const std::string value = fish_value(argument);
        rows += fmt::format("{}{} -d {}\n", start, value == " -x" ? " -f" : value,
                            quoted(argument.help));
    }
    return rows;
}

} // namespace

std::string fish_completion(const CommandTree &program) {
    std::string text;
    for_each_command(program, "", [&](const CommandTree &command, const std::string &path) {
        text += fish_rows(program, command, path);
    });
    return text;
}

} // namespace portscan
