// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/commands.h"
#include "loader/console.h"
#include "loader/source_view.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

namespace portscan {
namespace {

struct AllowCommand {
    std::string pin_dir;
    std::vector<std::string> targets;
    bool json = false;
};

std::vector<Prefix> parse_targets(const AllowCommand &command) {
    std::vector<Prefix> targets;
    for (const auto &text : command.targets) targets.push_back(parse_target(text));
    return targets;
}

std::vector<std::string> origins_of(const AllowEntry &entry) {
    std::vector<std::string> names;
    for (const auto &[origin, name] :
         {std::pair{AllowOrigin::automatic, "auto"}, std::pair{AllowOrigin::config, "config"},
          std::pair{AllowOrigin::manual, "manual"}})
        if ((entry.origins & static_cast<std::uint32_t>(origin)) != 0) names.emplace_back(name);
    return names;
}

int run_add(const AllowCommand &command) {
    const auto targets = parse_targets(command);
    const auto state = PinnedState::open(command.pin_dir);
    for (const auto &prefix : targets) {
        const auto lifted = state->control.allowlist.add(prefix, AllowOrigin::manual);
        print_line(fmt::format("allowed {}", prefix.to_string()));
        for (const auto &record : lifted)
            print_line(fmt::format("unblocked {}", record.source.to_string()));
    }
    return done;
}

int run_remove(const AllowCommand &command) {
    const auto targets = parse_targets(command);
    const auto state = PinnedState::open(command.pin_dir);
    const auto entries = state->control.allowlist.list();
    int status = done;
    for (const auto &prefix : targets) {
        const auto entry = std::find_if(entries.begin(), entries.end(), [&](const auto &present) {
            return present.prefix == prefix;
        });
        if (!state->control.allowlist.remove(prefix)) {
            complain(fmt::format("{} is not on the allowlist", prefix.to_string()));
            status = failed;
            continue;
        }
        const bool returns =
            entry != entries.end() &&
            (entry->origins & ~static_cast<std::uint32_t>(AllowOrigin::manual)) != 0;
        print_line(fmt::format("removed {}{}", prefix.to_string(),
                               returns ? ", which the next start or reload finds again ("
                                         "configuration, or --no-auto-allow)"
                                       : ""));
    }
    return status;
}

nlohmann::ordered_json to_json(const AllowEntry &entry, const WallClock &clock) {
    return {{"prefix", entry.prefix.to_string()},
            {"origins", origins_of(entry)},
            {"until", entry.until_ns == 0 ? nlohmann::ordered_json()
                                          : nlohmann::ordered_json(clock.json(entry.until_ns))}};
}

int run_show(const AllowCommand &command) {
    const auto state = PinnedState::open(command.pin_dir);
    auto entries = state->control.allowlist.list();
    std::sort(entries.begin(), entries.end(),
              [](const auto &left, const auto &right) { return left.prefix < right.prefix; });
    const WallClock clock = WallClock::now();
    if (command.json) {
        auto list = nlohmann::ordered_json::array();
        for (const auto &entry : entries) list.push_back(to_json(entry, clock));
        print_line(list.dump(2));
        return done;
    }
    std::vector<std::vector<std::string>> rows{{"PREFIX", "ORIGIN", "UNTIL"}};
    for (const auto &entry : entries)
        rows.push_back({entry.prefix.to_string(),
                        fmt::format("{}", fmt::join(origins_of(entry), ",")),
                        entry.until_ns == 0 ? "-" : clock.text_with_age(entry.until_ns)});
    for (const auto &line : align_columns(rows)) print_line(line);
    return done;
}

void add_action(CLI::App &allow, const char *name, const char *help, bool takes_targets,
                int (*run)(const AllowCommand &), int &exit_status) {
    CLI::App *const action = allow.add_subcommand(name, help);
    const auto command = std::make_shared<AllowCommand>();
    if (takes_targets)
        action->add_option("CIDR", command->targets, "addresses or prefixes")
            ->type_name("")
            ->required();
    else
        action->add_flag("--json", command->json, "print JSON");
    add_pin_dir(*action, command->pin_dir);
    action->callback([command, run, &exit_status] { exit_status = run(*command); });
}

} // namespace

void setup_allow(CLI::App &app, int &exit_status) {
    CLI::App *const allow =
        app.add_subcommand("allow", "change or show the allowlist, which wins over blocks");
    allow->require_subcommand(1);
    add_action(*allow, "add", "allow addresses and prefixes, and lift their blocks", true, run_add,
               exit_status);
    add_action(*allow, "remove", "take entries off the allowlist", true, run_remove, exit_status);
    add_action(*allow, "list", "show the allowlist, and where each entry comes from", false,
               run_show, exit_status);
}

} // namespace portscan
