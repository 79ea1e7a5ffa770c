// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/commands.h"
#include "loader/console.h"
#include "loader/program_clock.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <vector>

namespace portscan {
namespace {

struct BlockCommand {
    std::string pin_dir;
    std::vector<std::string> targets;
};

/// An address, or an IPv6 prefix of exactly the length that is tracked.
Prefix parse_source(const std::string &text, const Registry &registry) {
    const Prefix target = parse_target(text);
    const Prefix source = registry.source_of(target.address);
    if (!target.is_host() && target != source)
        throw CommandError(fmt::format(
            "{} is no source that is tracked: give single addresses{}", target.to_string(),
            target.address.is_ipv6() ? fmt::format(" or prefixes of {} bits", source.length) : ""));
    if (target != source)
        print_line(
            fmt::format("{} is within the source {}", target.to_string(), source.to_string()));
    return source;
}

int block(PinnedState &state, const Prefix &source) {
    const std::string name = source.to_string();
    if (state.control.allowlist.covers(source)) {
        complain(fmt::format("{} is on the allowlist, which wins: remove it there first "
                             "(xdp-portscan allow list)",
                             name));
        return failed;
    }
    switch (state.control.registry.block(source, program_clock_ns())) {
    case BlockOutcome::blocked:
        print_line("blocked " + name);
        return done;
    case BlockOutcome::already_blocked:
        print_line(name + " was blocked already");
        return done;
    case BlockOutcome::allowlisted:
        complain(name + " is on the allowlist");
        return failed;
    case BlockOutcome::bound_reached:
        break;
    }
    complain(fmt::format("{}: no room for another block, --max-blocked is reached: unblock some, "
                         "or raise it",
                         name));
    return failed;
}

int run_block(const BlockCommand &command) {
    for (const auto &text : command.targets) parse_target(text);
    const auto state = PinnedState::open(command.pin_dir);
    int status = done;
    for (const auto &text : command.targets)
        status = std::max(status, block(*state, parse_source(text, state->control.registry)));
    return status;
}

} // namespace

void setup_block(CLI::App &app, int &exit_status) {
    CLI::App *const block = app.add_subcommand("block", "block sources by hand");
    const auto command = std::make_shared<BlockCommand>();
    block->add_option("ADDR", command->targets, "addresses; an IPv6 one means its prefix")
        ->type_name("")
        ->required();
    add_pin_dir(*block, command->pin_dir);
    block->callback([command, &exit_status] { exit_status = run_block(*command); });
}

} // namespace portscan
