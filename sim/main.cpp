// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/detector.h"
#include "loader/features.h"
#include "loader/manual.h"
#include "loader/option_flags.h"
#include "loader/options.h"
#include "sim/capture.h"
#include "sim/command_bench.h"
#include "sim/command_compare.h"
#include "sim/command_cover.h"
#include "sim/command_fuzz.h"
#include "sim/command_mutate.h"
#include "sim/command_replay.h"
#include "sim/command_synth.h"
#include "sim/command_test.h"
#include "sim/command_tune.h"
#include "sim/console.h"
#include "sim/exit_status.h"
#include "sim/scenario.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <iostream>
#include <new>
#include <span>
#include <system_error>
#include <unistd.h>

namespace {

/// The loader names capabilities that are missing. Refused in spite of them is another matter.
std::string explain(const std::system_error &error, bool was_capable) {
    const bool refused = error.code() == std::errc::operation_not_permitted ||
                         error.code() == std::errc::permission_denied;
    if (!refused || !was_capable) return error.what();
    return fmt::format("{}; a container or user namespace may have to permit BPF", error.what());
}

/// CLI11 would only say that a command is missing.
void refuse_unknown_command(const CLI::App &app, const std::string &first) {
    if (first.starts_with('-') && app.get_option_no_throw(first) != nullptr) return;
    std::vector<std::string> names;
    for (const CLI::App *const command : app.get_subcommands({})) {
        if (command->get_name() == first) return;
        names.push_back(command->get_name());
    }
    const std::string what = first.empty() ? "no command" : "no command '" + first + "'";
    throw portscan::OptionError(fmt::format("{}: {} (see --help)", what, fmt::join(names, ", ")));
}

portscan::ManualFacts manual_facts() {
    return {.section = 1,
            .version = PORTSCAN_VERSION,
            .date = "2026-11-29",
            .sections = {
                {.title = "EXIT STATUS",
                 .terms = {{"0", "done; blocks are no error unless --fail-on-block is given"},
                           {"1", "an expectation failed, or a difference was found"},
                           {"2", "bad usage, or input that cannot be read"},
                           {"3", "this machine does not let BPF run, or the harness itself failed"},
                           {"128+N", "ended by the signal N, after a report of what was done"}}},
                {.title = "SEE ALSO", .paragraphs = {"xdp-portscan(8), pcap-filter(7)"}}}};
}

/// No file of ours takes the number of a standard stream that is closed: there nothing is read, and
/// what is written fails.
void open_standard_streams() {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (fcntl(descriptor, F_GETFD) >= 0) continue;
        const bool input = descriptor == STDIN_FILENO;
        open(input ? "/dev/null" : "/dev/full", input ? O_RDONLY : O_WRONLY); // the lowest number
    }
}

/// The exit status, unless what was printed got lost.
int finish(int status) {
    const bool printed = std::cout.flush() && std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    if (printed || status != portscan::exit_done) return status;
    portscan::complain(
        "standard output could not be written whole: is it closed, or the disk full?");
    return portscan::exit_environment;
}

int parse_and_run(int argc, char **argv) {
    CLI::App app{"Runs the XDP port-scan detector on captured and synthesized traffic, inside the "
                 "kernel and on no interface",
                 "xdp-portscan-sim"};
    app.set_version_flag("--version", "xdp-portscan-sim " PORTSCAN_VERSION);
    app.require_subcommand(1);
    int exit_status = 0;
    portscan::setup_replay(app, {argv, argv + argc}, exit_status);
    portscan::setup_test(app, exit_status);
    portscan::setup_synth(app, exit_status);
    portscan::setup_compare(app, exit_status);
    portscan::setup_bench(app, exit_status);
    portscan::setup_cover(app, exit_status);
    portscan::setup_fuzz(app, exit_status);
    portscan::setup_mutate(app, exit_status);
    portscan::setup_tune(app, {argv, argv + argc}, exit_status);
    const std::span<char *const> arguments{argv, static_cast<std::size_t>(argc)};
    portscan::refuse_empty_values(app, arguments);
    portscan::refuse_unclear_switches(app, arguments);
    portscan::add_generate_option(app, manual_facts());
    refuse_unknown_command(app, argc > 1 ? argv[1] : "");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success &success) { // --help, --version
        return finish(app.exit(success));
    } catch (const CLI::Error &error) {
        portscan::complain(std::string{error.what()} + " (see --help)");
        return portscan::exit_unreadable;
    }
    return finish(exit_status);
}

} // namespace

int main(int argc, char **argv) {
    open_standard_streams();
    const bool is_capable = portscan::missing_capabilities().empty();
    try {
        return parse_and_run(argc, argv);
    } catch (const portscan::OptionError &error) {
        portscan::complain(error.what());
        return portscan::exit_unreadable;
    } catch (const portscan::ScenarioError &error) {
        for (const std::string &line : error.lines()) portscan::complain(line);
        return portscan::exit_unreadable;
    } catch (const portscan::CaptureError &error) {
        portscan::complain(error.what());
        return portscan::exit_unreadable;
    } catch (const portscan::ObjectError &error) {
        portscan::complain(error.what());
        return portscan::exit_unreadable;
    } catch (const std::system_error &error) {
        portscan::complain(explain(error, is_capable));
        return portscan::exit_environment;
    } catch (const std::bad_alloc &) {
        portscan::complain("there is not enough memory for this");
        return portscan::exit_environment;
    } catch (const std::exception &error) {
        portscan::complain(error.what());
        return portscan::exit_environment;
    }
}
