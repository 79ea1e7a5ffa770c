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

const char *dry_run_note(const PinnedState &state) {
    return state.control.options.dry_run ? ", though a dry run drops nothing" : "";
}

int block(PinnedState &state, const std::string &text) {
    const Prefix source = parse_source(text, state.control.registry);
    const std::string name = source.to_string();
    // An IPv6 address may be allowed by itself, within a prefix that is not.
    const Allowlist &allowlist = state.control.allowlist;
    if (allowlist.covers(source) || allowlist.covers(parse_target(text))) {
        complain(fmt::format("{} is on the allowlist, which wins: remove it there first "
                             "(xdp-portscan allow list)",
                             text));
        return failed;
    }
    switch (state.control.registry.block(source, program_clock_ns())) {
    case BlockOutcome::blocked:
        print_line("blocked " + name + dry_run_note(state));
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
    for (const auto &text : command.targets) status = std::max(status, block(*state, text));
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
