// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/command_replay.h"

#include "loader/option_flags.h"
#include "sim/command_replay_run.h"
#include "sim/command_replay_session.h"
#include "sim/simulator_flags.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <memory>

namespace portscan {
namespace {

void add_outputs(CLI::App &app, ReplayCommand &command) {
    app.add_flag("--json{-}", command.json,
                 "print a JSON object for each capture, to standard output or with --json=FILE");
    app.add_option_function<std::string>(
           "--report-sources",
           [&command](const std::string &text) {
               command.report_sources = parse_count("report-sources", text);
           },
           "sources in the JSON beside those that were ever blocked")
        ->type_name("N")
        ->default_str(fmt::to_string(command.report_sources));
    app.add_option("--write-dropped", command.write_dropped,
                   "write the frames that were dropped as a capture")
        ->type_name("FILE");
    app.add_option("--write-passed", command.write_passed,
                   "write the frames that passed as a capture")
        ->type_name("FILE");
    app.add_option(
           "--annotate", command.annotate,
           "write the captures again as pcapng, with a comment on what became of each frame")
        ->type_name("FILE");
    app.add_option("--html", command.html, "write a page for people that needs nothing else")
        ->type_name("FILE");
}

} // namespace

void setup_replay(CLI::App &app, const std::vector<std::string> &command_line, int &exit_status) {
    CLI::App *const replay =
        app.add_subcommand("replay", "run captures: who was blocked, when, and what it cost");
    const auto command = std::make_shared<ReplayCommand>();
    command->command_line = command_line;
    replay
        ->add_option("CAPTURE", command->captures,
                     "pcap or pcapng, also .gz and .zst; a folder with such files in it or below; "
                     "- for standard input")
        ->type_name("")
        ->required();
    replay->add_option("--filter", command->filter, "run only what this pcap filter matches")
        ->type_name("EXPRESSION");
    replay
        ->add_option("--host", command->hosts,
                     "run only what these hosts receive, each with a registry of its own")
        ->type_name("ADDR|CIDR,...");
    replay
        ->add_option("--host-max-sources", command->host_max_sources,
                     "sources in the registry of each host, and a quarter of that for IPv6")
        ->type_name("N")
        ->default_str(fmt::to_string(default_host_sources));
    add_simulator_options(*replay, command->simulator);
    replay->add_flag("--continue", command->continues,
                     "carry state and clock from capture to capture: rotated files");
    replay->add_flag("--fail-on-block", command->fail_on_block, "exit 1 if anybody was blocked");
    replay->add_option("--jobs", command->jobs, "captures at a time, each on a detector of its own")
        ->type_name("N")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    replay->add_flag(
        "-v,--verbose", command->verbose,
        "a line on standard error for each change of state: blocked, refused, evicted, "
        "expired");
    add_outputs(*replay, *command);
    add_detection_options(*replay, command->given);
    replay->callback([command, &exit_status] { exit_status = run_replay(*command); });
}

int run_replay(const ReplayCommand &command) {
    return ReplayRun{command}.all();
}

} // namespace portscan
