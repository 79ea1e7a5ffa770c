// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/commands.h"
#include "loader/console.h"
#include "loader/options.h"
#include "loader/program_clock.h"
#include "loader/source_view.h"

#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <vector>

namespace portscan {
namespace {

struct UnblockCommand {
    std::string pin_dir;
    std::vector<std::string> targets;
    bool all = false;
    std::string allow_for; ///< a duration; empty: not allowed
};

std::optional<std::chrono::nanoseconds> allow_duration(const UnblockCommand &command) {
    if (command.allow_for.empty()) return std::nullopt;
    const auto duration = parse_duration(command.allow_for);
    if (!duration || duration->count() == 0)
        throw OptionError(fmt::format("for: '{}' is not a duration above 0 with its unit (500ms, "
                                      "60s, 10m, 4h, 1d)",
                                      command.allow_for));
    return duration;
}

std::vector<Prefix> parse_targets(const UnblockCommand &command) {
    if (command.all != command.targets.empty())
        throw OptionError("unblock: give addresses or prefixes, or --all");
    std::vector<Prefix> targets;
    for (const auto &text : command.targets) targets.push_back(parse_target(text));
    if (command.all)
        for (const char *everything : {"0.0.0.0/0", "::/0"})
            targets.push_back(*Prefix::parse(everything));
    return targets;
}

/// Only a running process takes the entries off again.
void require_run(const PinnedState &state) {
    if (!InstanceLock::holder(state.directory))
        throw CommandError("--for needs a running `xdp-portscan run`, which takes the entry off "
                           "again: start it, or use `allow add` and `allow remove`");
}

class Unblocker {
  public:
    Unblocker(PinnedState &state, std::optional<std::chrono::nanoseconds> allow_for) :
        state_{state},
        clock_{WallClock::now()} {
        if (allow_for)
            until_ns_ = program_clock_ns() + static_cast<std::uint64_t>(allow_for->count());
    }

    void unblock(const Prefix &target) {
        const Prefix source = state_.control.registry.source_of(target.address);
        const bool within = source.contains(target);
        if (within && source != target)
            print_line(
                fmt::format("{} is within the source {}", target.to_string(), source.to_string()));
        // Before it starts afresh, so that it cannot be blocked again in between.
        std::vector<SourceRecord> removed;
        if (within && until_ns_ != 0 && is_blocked(source)) removed = allow(source);
        if (within) {
            if (const auto record = state_.control.registry.remove(source))
                removed.push_back(*record);
        } else {
            removed = state_.control.registry.remove_covered(target, true);
        }
        std::uint64_t blocks = 0;
        for (const auto &record : removed) {
            if (!record.blocked) continue;
            ++blocks;
            report(record);
            if (!within && until_ns_ != 0) allow(record.source);
        }
        if (within && blocks == 0)
            print_line(fmt::format("{} was not blocked{}", source.to_string(),
                                   until_ns_ != 0 ? ", and is not allowed now" : ""));
        told_ = within;
        total_ += blocks;
    }

    std::uint64_t total() const { return total_; }
    /// Nothing is left to say of the last target.
    bool has_told() const { return told_; }

  private:
    bool is_blocked(const Prefix &source) const {
        const auto record = state_.control.registry.find(source);
        return record && record->blocked;
    }

    std::vector<SourceRecord> allow(const Prefix &source) {
        return state_.control.allowlist.add(source, AllowOrigin::manual, until_ns_);
    }

    void report(const SourceRecord &record) const {
        print_line(fmt::format(
            "unblocked {}, blocked since {}, ports {}{}", record.source.to_string(),
            clock_.text_with_age(record.timestamp_ns), join_ports(record.ports),
            until_ns_ != 0 ? fmt::format("; allowed until {}", clock_.text_with_age(until_ns_))
                           : ""));
    }

    PinnedState &state_;
    WallClock clock_;
    std::uint64_t until_ns_ = 0; ///< 0: not allowed
    std::uint64_t total_ = 0;
    bool told_ = false;
};

int run_unblock(const UnblockCommand &command) {
    const auto targets = parse_targets(command);
    const auto duration = allow_duration(command);
    const auto state = PinnedState::open(command.pin_dir);
    if (duration) require_run(*state);
    Unblocker unblocker{*state, duration};
    for (const auto &target : targets) unblocker.unblock(target);
    if (targets.size() > 1 || !unblocker.has_told())
        print_line(fmt::format("unblocked {} sources", unblocker.total()));
    return done;
}

} // namespace

void setup_unblock(CLI::App &app, int &exit_status) {
    CLI::App *const unblock =
        app.add_subcommand("unblock", "lift blocks: the sources start afresh at once");
    const auto command = std::make_shared<UnblockCommand>();
    unblock->add_option("ADDR", command->targets, "addresses, or CIDR prefixes")->type_name("");
    unblock->add_flag("--all", command->all, "every blocked source");
    unblock
        ->add_option("--for", command->allow_for,
                     "also allow what was unblocked for so long (needs a running `run`)")
        ->type_name("TIME");
    add_pin_dir(*unblock, command->pin_dir);
    unblock->callback([command, &exit_status] { exit_status = run_unblock(*command); });
}

} // namespace portscan
