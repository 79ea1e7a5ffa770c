// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/manual_page.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace portscan {
namespace {

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

/// Text that means itself to roff. A hyphen that people may copy has to be a minus.
std::string roff(std::string_view text) {
    std::string result;
    if (text.starts_with('.') || text.starts_with('\'')) result = "\\&";
    for (const char c : text) {
        if (c == '\\')
            result += "\\e";
        else if (c == '-')
            result += "\\-";
        else
            result += c == '\n' ? ' ' : c;
    }
    return result;
}

std::string bold(std::string_view text) {
    return "\\fB" + roff(text) + "\\fR";
}

std::string italic(std::string_view text) {
    return "\\fI" + roff(text) + "\\fR";
}

bool is_general(const CommandOption &option) {
    return option.group == "Options";
}

/// Every command has it; it is described once.
bool is_help(const CommandOption &option) {
    return std::find(option.flags.begin(), option.flags.end(), "--help") != option.flags.end();
}

std::string option_term(const CommandOption &option) {
    std::vector<std::string> flags;
    for (const std::string &flag : option.flags) flags.push_back(bold(flag));
    std::string term = fmt::format("{}", fmt::join(flags, ", "));
    if (!option.value_name.empty()) term += " " + italic(option.value_name);
    return term;
}

void append_option(std::string &page, const CommandOption &option) {
    page += fmt::format(".TP\n{}\n{}", option_term(option), roff(option.help));
    if (!option.default_text.empty()) page += roff(" (default: " + option.default_text + ")");
    page += '\n';
}

std::string argument_term(const CommandOption &argument) {
    std::string term = italic(argument.value_name);
    if (argument.repeats) term += "...";
    return argument.required ? term : "[" + term + "]";
}

/// `xdp-portscan list [OPTION...] [ADDR]`
std::string usage(const CommandTree &command, const std::string &path) {
    std::string line = bold(path);
    if (!command.options.empty()) line += " [" + italic("OPTION") + "...]";
    if (!command.commands.empty()) line += " " + italic("COMMAND");
    for (const CommandOption &argument : command.arguments) line += " " + argument_term(argument);
    return line;
}

/// Named groups of the command's options, in their order.
std::vector<std::string> groups_of(const CommandTree &command) {
    std::vector<std::string> groups;
    for (const CommandOption &option : command.options) {
        const bool known = std::find(groups.begin(), groups.end(), option.group) != groups.end();
        if (!is_general(option) && !known) groups.push_back(option.group);
    }
    return groups;
}

/// The command that stands for a group in its section, so that it is described once.
struct Group {
    std::string name;
    const CommandTree *command;
};

void collect_groups(const CommandTree &command, std::vector<Group> &groups) {
    for (const std::string &name : groups_of(command)) {
        const bool known = std::any_of(groups.begin(), groups.end(),
                                       [&](const Group &group) { return group.name == name; });
        if (!known) groups.push_back({name, &command});
    }
    for (const CommandTree &child : command.commands) collect_groups(child, groups);
}

void append_command(std::string &page, const CommandTree &command, const std::string &path) {
    if (command.commands.empty()) {
        page += fmt::format(".SS {}\n{}.\n", usage(command, path), roff(command.help));
        for (const CommandOption &argument : command.arguments) {
            if (!argument.help.empty())
                page +=
                    fmt::format(".TP\n{}\n{}\n", italic(argument.value_name), roff(argument.help));
        }
        for (const CommandOption &option : command.options)
            if (is_general(option) && !is_help(option)) append_option(page, option);
        for (const std::string &group : groups_of(command))
            page += fmt::format(".PP\nAlso takes the {} below.\n", roff(upper(group) + " OPTIONS"));
    }
    for (const CommandTree &child : command.commands)
        append_command(page, child, path + " " + child.name);
}

void append_section(std::string &page, const ManualSection &section) {
    page += fmt::format(".SH {}\n", roff(section.title));
    for (std::size_t i = 0; i < section.paragraphs.size(); ++i)
        page += fmt::format("{}{}\n", i == 0 ? "" : ".PP\n", roff(section.paragraphs[i]));
    for (const auto &[term, text] : section.terms)
        page += fmt::format(".TP\n{}\n{}\n", bold(term), roff(text));
}

} // namespace

std::string manual_page(const CommandTree &program, const ManualFacts &facts) {
    std::string page = fmt::format(".TH {} {} {} \"{} {}\"\n", roff(upper(program.name)),
                                   facts.section, facts.date, program.name, facts.version);
    page += fmt::format(".SH NAME\n{} \\- {}\n", roff(program.name), roff(program.help));
    page += fmt::format(".SH SYNOPSIS\n{}\n", usage(program, program.name));
    page += ".SH OPTIONS\n";
    for (const CommandOption &option : program.options)
        if (is_general(option)) append_option(page, option);
    if (!program.commands.empty()) page += ".SH COMMANDS\n";
    for (const CommandTree &command : program.commands)
        append_command(page, command, program.name + " " + command.name);

    std::vector<Group> groups;
    collect_groups(program, groups);
    for (const Group &group : groups) {
        page += fmt::format(".SH {} OPTIONS\n", roff(upper(group.name)));
        for (const CommandOption &option : group.command->options)
            if (option.group == group.name) append_option(page, option);
    }
    for (const ManualSection &section : facts.sections) append_section(page, section);
    return page;
}

} // namespace portscan
