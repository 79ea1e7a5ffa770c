// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/commands.h"
#include "loader/console.h"
#include "loader/program_clock.h"

#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>

namespace portscan {
namespace {

struct ExpireCommand {
    std::string pin_dir;
    bool json = false;
};

int run_expire(const ExpireCommand &command) {
    const auto state = PinnedState::open(command.pin_dir);
    const std::uint64_t now = program_clock_ns();
    const auto entries = state->control.allowlist.expire(now);
    const ExpiryReport report = state->control.expirer.pass(now);
    if (command.json) {
        print_line(nlohmann::ordered_json{{"sources_freed", report.sources_freed},
                                          {"blocks_freed", report.blocks_freed},
                                          {"blocks_lifted", report.blocks_lifted},
                                          {"allow_entries_freed", entries.size()},
                                          {"sources_left", report.sources_left},
                                          {"blocks_left", report.blocks_left}}
                       .dump(2));
        return done;
    }
    for (const auto &prefix : entries)
        print_line(
            fmt::format("{} is not allowed any longer: its time is over", prefix.to_string()));
    print_line(fmt::format("freed {} sources and {} blocks, lifted {} allowlisted blocks; {} "
                           "sources left, {} of them blocked",
                           report.sources_freed, report.blocks_freed, report.blocks_lifted,
                           report.sources_left, report.blocks_left));
    return done;
}

} // namespace

void setup_expire(CLI::App &app, int &exit_status) {
    CLI::App *const expire =
        app.add_subcommand("expire", "run one expiry pass, show what it freed");
    const auto command = std::make_shared<ExpireCommand>();
    expire->add_flag("--json", command->json, "print JSON");
    add_pin_dir(*expire, command->pin_dir);
    expire->callback([command, &exit_status] { exit_status = run_expire(*command); });
}

} // namespace portscan
