// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/manual.h"

#include "loader/completion.h"

#include <string>

namespace portscan {
namespace {

CommandOption to_option(const CLI::Option &option) {
    CommandOption result;
    for (const std::string &name : option.get_snames()) result.flags.push_back("-" + name);
    for (const std::string &name : option.get_lnames()) result.flags.push_back("--" + name);
    if (result.flags.empty())
        result.value_name = option.get_name(true);
    else if (option.get_items_expected_max() > 0)
        result.value_name = option.get_type_name();
    result.default_text = option.get_default_str();
    result.help = option.get_description();
    result.group = option.get_group();
    result.required = option.get_required();
    result.repeats = option.get_items_expected_max() > 1;
    return result;
}

std::string generated(const CLI::App &app, const ManualFacts &facts, const std::string &what) {
    const CommandTree tree = command_tree(app);
    if (what == "man") return manual_page(tree, facts);
    if (what == "bash") return bash_completion(tree);
    return what == "zsh" ? zsh_completion(tree) : fish_completion(tree);
}

} // namespace

CommandTree command_tree(const CLI::App &app) {
    CommandTree tree{.name = app.get_name(), .help = app.get_description()};
    for (const CLI::Option *const option : app.get_options()) {
        if (option->get_group().empty()) continue;
        (option->nonpositional() ? tree.options : tree.arguments).push_back(to_option(*option));
    }
    const auto shown = [](const CLI::App *command) { return !command->get_group().empty(); };
    for (const CLI::App *const command : app.get_subcommands(shown))
        tree.commands.push_back(command_tree(*command));
    return tree;
}

void add_generate_option(CLI::App &app, const ManualFacts &facts) {
    app.add_option_function<std::string>("--generate",
                                         [&app, facts](const std::string &what) {
                                             throw CLI::CallForVersion(generated(app, facts, what),
                                                                       0);
                                         })
        ->check(CLI::IsMember({"man", "bash", "zsh", "fish"}))
        ->group("");
}

} // namespace portscan
