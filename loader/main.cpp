// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/commands.h"
#include "loader/console.h"
#include "loader/features.h"
#include "loader/manual.h"
#include "loader/nearest_word.h"
#include "loader/option_flags.h"
#include "loader/options.h"

#include <cerrno>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <span>
#include <system_error>

namespace {

using namespace portscan;

void setup_commands(CLI::App &app, int &exit_status, int argc, char **argv) {
    setup_run(app, exit_status, argc, argv);
    setup_load(app, exit_status);
    setup_unload(app, exit_status);
    setup_status(app, exit_status);
    setup_list(app, exit_status);
    setup_unblock(app, exit_status);
    setup_block(app, exit_status);
    setup_allow(app, exit_status);
    setup_expire(app, exit_status);
    setup_confirm(app, exit_status);
}

ManualFacts manual_facts() {
    return {
        .section = 8,
        .version = PORTSCAN_VERSION,
        .date = "2026-11-23",
        .sections = {
            {.title = "EXIT STATUS",
             .terms = {{"0", "done; of list with an address: it is blocked"},
                       {"1", "failed; of list with an address: it is not blocked"},
                       {"2", "bad usage or configuration"},
                       {"3", "not permitted, or not supported by this kernel"}}},
            {.title = "SIGNALS",
             .paragraphs = {"What run does with them:"},
             .terms = {{"SIGTERM, SIGINT", "detach, unless --keep is given, and keep the state"},
                       {"SIGHUP", "read the configuration anew; if the binary was replaced, run "
                                  "the new one. The filter is attached throughout"},
                       {"SIGKILL", "the filter goes on; the next run adopts it"}}},
            {.title = "FILES",
             .terms = {
                 {"/etc/xdp-portscan.toml", "options by their names here"},
                 {"/sys/fs/bpf/xdp-portscan", "maps, programs and links, for bpftool too"}}}}};
}

/// Of a mistyped command, CLI11 says only that one is required.
std::string explain(const CLI::App &app, const CLI::Error &error, int argc, char **argv) {
    const std::string first = argc > 1 ? argv[1] : "";
    if (!app.get_subcommands().empty() || app.get_option_no_throw(first) != nullptr)
        return error.what();
    std::vector<std::string> commands;
    for (const CLI::App *const command : app.get_subcommands({}))
        commands.push_back(command->get_name());
    if (first.empty() || first.starts_with('-'))
        return fmt::format("no command{}: {}", first.empty() ? "" : " '" + first + "'",
                           fmt::join(commands, ", "));
    const auto meant = nearest_word(first, commands);
    return meant.empty() ? fmt::format("'{}' is no command", first)
                         : fmt::format("'{}' is no command; did you mean '{}'?", first, meant);
}

int parse_and_run(int argc, char **argv) {
    CLI::App app{"Finds TCP port scanners and drops them, in XDP", "xdp-portscan"};
    app.set_version_flag("--version", "xdp-portscan " PORTSCAN_VERSION);
    app.require_subcommand(1);
    int exit_status = done;
    setup_commands(app, exit_status, argc, argv);
    add_generate_option(app, manual_facts());
    const std::span<char *const> arguments{argv, static_cast<std::size_t>(argc)};
    refuse_empty_values(app, arguments);
    refuse_unclear_switches(app, arguments);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success &success) { // --help, --version
        const int status = app.exit(success);
        finish_output();
        return status;
    } catch (const CLI::Error &error) {
        complain(explain(app, error, argc, argv) + " (see --help)");
        return usage;
    }
    finish_output();
    return exit_status;
}

bool is_refusal(int error) {
    for (const int refusal : {EPERM, EACCES, EOPNOTSUPP, ENOSYS})
        if (error == refusal) return true;
    return false;
}

/// Says which capability is missing, where that may be why.
int complain_of(const std::system_error &error) {
    const int number = error.code().value();
    const auto missing = missing_capabilities();
    const std::string text = error.what();
    const bool says_so = text.find("CAP_") != std::string::npos;
    if ((number == EPERM || number == EACCES) && !missing.empty() && !says_so)
        complain(fmt::format("{} (missing {})", text, fmt::join(missing, ", ")));
    else
        complain(text);
    return is_refusal(number) ? not_permitted : failed;
}

} // namespace

int main(int argc, char **argv) {
    try {
        return parse_and_run(argc, argv);
    } catch (const OptionError &error) {
        complain(error.what());
        return usage;
    } catch (const std::system_error &error) {
        return complain_of(error);
    } catch (const std::exception &error) {
        complain(error.what());
        return failed;
    }
}
