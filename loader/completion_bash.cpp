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

/// What bash completes a value with, in the words of the function `takes`.
std::string bash_value(const CommandOption &option) {
    switch (value_of(option)) {
    case Value::none:
        return "";
    case Value::text:
        return "text";
    case Value::file:
        return "file";
    case Value::folder:
        return "folder";
    case Value::interface:
        return "interface";
    case Value::words:
        return "words " + words_of(option);
    }
    return "";
}

std::string all_flags(const CommandTree &command) {
    std::vector<std::string> flags;
    for (const CommandOption &option : command.options)
        flags.insert(flags.end(), option.flags.begin(), option.flags.end());
    return fmt::format("{}", fmt::join(flags, " "));
}

std::string bash_row(const std::string &pattern, const std::string &words) {
    return words.empty() ? "" : fmt::format("    {}) echo {} ;;\n", quoted(pattern), quoted(words));
}

/// Tables by the path of a command: its subcommands, its options, what each option takes.
std::string bash_tables(const CommandTree &program) {
    std::string commands;
    std::string options;
    std::string takes;
    for_each_command(program, "", [&](const CommandTree &command, const std::string &path) {
        commands += bash_row(path, subcommands_of(command));
        options += bash_row(path, all_flags(command));
        for (const CommandOption &option : command.options)
            for (const std::string &flag : option.flags)
                takes += bash_row(fmt::format("{} {}", path, flag), bash_value(option));
        for (const CommandOption &argument : command.arguments)
            takes += bash_row(path + " ", bash_value(argument));
    });
    const std::string name = identifier(program.name);
    return fmt::format("_{0}_commands() {{\n    case $1 in\n{1}    esac\n}}\n\n"
                       "_{0}_options() {{\n    case $1 in\n{2}    esac\n}}\n\n"
                       "# What an option takes; an argument, where there is none.\n"
                       "_{0}_takes() {{\n    case \"$1 $2\" in\n{3}    esac\n}}\n\n",
                       name, commands, options, takes);
}

/// NAME stands for the program's name in names of functions. The line is walked word by word to the
/// command it is about; bash parts --mode=skb into three words.
constexpr std::string_view bash_logic = R"bash(_NAME() {
    local path='' takes='' word i
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    for ((i = 1; i < COMP_CWORD; ++i)); do
        word=${COMP_WORDS[i]}
        if [[ $word == '=' ]]; then
            ((++i))
        elif [[ $word == -* ]]; then
            if [[ ${COMP_WORDS[i + 1]} != '=' && -n $(_NAME_takes "$path" "$word") ]]; then
                ((++i))
            fi
        elif [[ " $(_NAME_commands "$path") " == *" $word "* ]]; then
            path+=" $word"
        fi
    done
    [[ $current != '=' ]] || current=''
    [[ $previous != '=' ]] || previous=${COMP_WORDS[COMP_CWORD - 2]}
    [[ $previous != -* ]] || takes=$(_NAME_takes "$path" "$previous")

    COMPREPLY=()
    if [[ -z $takes && $current == -* ]]; then
        takes="words $(_NAME_options "$path")"
    elif [[ -z $takes ]]; then
        takes=$(_NAME_commands "$path")
        takes=${takes:+words $takes}
        takes=${takes:-$(_NAME_takes "$path" '')}
    fi
    case $takes in
    file)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        ;;
    folder)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        ;;
    interface)
        mapfile -t COMPREPLY < <(compgen -W "$(command ls /sys/class/net) default-route" -- "$current")
        ;;
    'words '*) mapfile -t COMPREPLY < <(compgen -W "${takes#words }" -- "$current") ;;
    esac
}
)bash";

} // namespace

std::string bash_completion(const CommandTree &program) {
    const std::string name = identifier(program.name);
    return fmt::format("# shellcheck shell=bash\n{}{}complete -F _{} {}\n", bash_tables(program),
                       replaced(std::string{bash_logic}, "_NAME", "_" + name), name, program.name);
}

} // namespace portscan
