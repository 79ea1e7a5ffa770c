// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/command_cover.h"

#include "loader/option_flags.h"
#include "sim/console.h"
#include "sim/cover_stages.h"
#include "sim/coverage.h"
#include "sim/coverage_report.h"
#include "sim/exit_status.h"
#include "sim/privileges.h"
#include "sim/progress.h"

#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <memory>

namespace portscan {
namespace {

/// Frames in two buffers: the Ethernet header in the first one, all else has to be fetched.
constexpr std::size_t split_behind_ethernet = 14;

} // namespace

int run_cover(const CoverCommand &command, std::ostream &out) {
    const Coverage coverage{command.settings.simulator.object_path};
    RunSettings settings = command.settings;
    settings.simulator.change = [&coverage](ProgramText &text) { coverage.put_into(text); };
    int status = exit_done;
    for (const std::string &path : find_scenarios(command.paths)) {
        const Scenario scenario = load_scenario(path);
        for (const bool split : {false, true}) {
            settings.simulator.linear_size.reset();
            if (split) settings.simulator.linear_size = split_behind_ethernet;
            for (const CaseResult &result : run_scenario(scenario, settings))
                if (!result.passed()) {
                    complain(fmt::format("{}: {}: fails{}", path, result.title,
                                         split ? ", on split frames" : ""));
                    status = exit_failed;
                }
        }
    }
    run_cover_stages(coverage, command.settings.simulator.object_path);
    const CoverageReport report = coverage.report();
    write_coverage_table(out, report);
    return status;
}

void setup_cover(CLI::App &app, int &exit_status) {
    CLI::App *const cover =
        app.add_subcommand("cover", "how much of the program scenarios exercise");
    const auto command = std::make_shared<CoverCommand>();
    cover->add_option("PATH", command->paths, "scenario files, or folders of *.scenario.toml")
        ->type_name("")
        ->required();
    cover->callback([command, &exit_status] { exit_status = run_cover(*command, std::cout); });
}

} // namespace portscan
