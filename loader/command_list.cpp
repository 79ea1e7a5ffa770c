// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/commands.h"
#include "loader/console.h"
#include "loader/source_view.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <optional>

namespace portscan {
namespace {

struct ListCommand {
    std::string pin_dir;
    std::string target;
    bool has_target = false; ///< else everything
    bool blocked = false;
    bool json = false;
};

/// What the target means to this detector: an address is within its source.
std::vector<SourceRecord> select(const PinnedState &state, const std::optional<Prefix> &target) {
    const Registry &registry = state.control.registry;
    if (!target) return registry.all();
    const Prefix source = registry.source_of(target->address);
    std::vector<SourceRecord> records;
    if (source.contains(*target)) {
        if (const auto record = registry.find(source)) records.push_back(*record);
        return records;
    }
    registry.for_each(false, [&](const SourceRecord &record) {
        if (target->contains(record.source)) records.push_back(record);
    });
    return records;
}

/// A line for each record; written piece by piece, whatever their number.
void print_json(const std::vector<SourceRecord> &records, const SourceView &view) {
    constexpr std::size_t piece = 1U << 16;
    fmt::memory_buffer text;
    text.push_back('[');
    std::string_view before = "\n  ";
    for (const auto &record : records) {
        text.append(before);
        view.append_json(text, record);
        before = ",\n  ";
        if (text.size() < piece) continue;
        print_text({text.data(), text.size()});
        text.clear();
    }
    print_text({text.data(), text.size()});
    print_line(records.empty() ? "]" : "\n]");
}

void print_people(const std::vector<SourceRecord> &records, const SourceView &view,
                  const PinnedState &state, const std::optional<Prefix> &target) {
    if (target && target->is_host()) {
        const Prefix source = state.control.registry.source_of(target->address);
        if (!source.is_host())
            print_line(fmt::format("{} is within {}", target->to_string(), source.to_string()));
        for (const auto &line : view.details(source, records.empty() ? nullptr : &records.front()))
            print_line(line);
        return;
    }
    for (const auto &line : view.table(records)) print_line(line);
}

int run_list(const ListCommand &command) {
    std::optional<Prefix> target;
    if (command.has_target) target = parse_target(command.target);
    const auto state = PinnedState::open(command.pin_dir);
    const SourceView view{*state, WallClock::now()};
    auto records = select(*state, target);
    const bool any_blocked = std::any_of(records.begin(), records.end(), [&](const auto &record) {
        return view.is_blocked(record);
    });
    // Of one address everything is told, whether it is blocked being a part of it.
    const bool is_told = target && target->is_host() && !command.json;
    if (command.blocked && !is_told)
        records.erase(std::remove_if(records.begin(), records.end(),
                                     [&](const auto &record) { return !view.is_blocked(record); }),
                      records.end());
    std::sort(records.begin(), records.end(),
              [](const auto &left, const auto &right) { return left.source < right.source; });
    if (command.json)
        print_json(records, view);
    else
        print_people(records, view, *state, target);
    return target && !any_blocked ? failed : done;
}

} // namespace

void setup_list(CLI::App &app, int &exit_status) {
    CLI::App *const list = app.add_subcommand(
        "list", "show sources; of an address or prefix: exit 0 if it is blocked, 1 if not");
    const auto command = std::make_shared<ListCommand>();
    const CLI::Option *const target =
        list->add_option("ADDR", command->target,
                         "an address (its longest match), or a CIDR prefix")
            ->type_name("");
    list->add_flag("--blocked", command->blocked, "blocked sources only");
    list->add_flag("--json", command->json, "print JSON");
    add_pin_dir(*list, command->pin_dir);
    list->callback([command, target, &exit_status] {
        command->has_target = target->count() != 0; // "", a variable that is not set, is no address
        exit_status = run_list(*command);
    });
}

} // namespace portscan
