// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/attachment.h"
#include "loader/commands.h"
#include "loader/confirmation.h"
#include "loader/console.h"
#include "loader/options.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <vector>

namespace portscan {
namespace {

struct UnloadCommand {
    std::string pin_dir;
    std::vector<std::string> interfaces;
    bool all = false;
    bool purge = false;
};

PinDirectory open_directory(const UnloadCommand &command) {
    if (auto directory = PinDirectory::open(command.pin_dir)) return std::move(*directory);
    throw StateError(fmt::format("nothing is loaded: no {}", command.pin_dir));
}

/// A running process does not attach again where the pin was removed.
void detach(const PinDirectory &directory, const std::string &interface) {
    if (auto attachment = Attachment::open(directory, interface)) {
        directory.unpin(link_pin_name(interface));
        attachment->detach();
    }
    print_line(fmt::format("detached from {}", interface));
}

/// Links that wait for `confirm` belong to their process alone.
void refuse_unconfirmed(const PinDirectory &directory) {
    const auto holder = InstanceLock::holder(directory);
    if (!holder || !directory.has_mark(unconfirmed_mark)) return;
    throw CommandError(fmt::format("process {} holds what it attached until that is confirmed: "
                                   "stop the process, which detaches",
                                   *holder));
}

int run_unload(const UnloadCommand &command) {
    if (command.all && !command.interfaces.empty())
        throw OptionError("unload: give interfaces, or --all");
    if (!command.all && !command.purge && command.interfaces.empty())
        throw OptionError("unload: give interfaces, or --all, or --purge to forget the state");
    const PinDirectory directory = open_directory(command);
    std::optional<InstanceLock> lock;
    if (command.purge) {
        lock = take_lock(directory);
        directory.clear_mark(unconfirmed_mark); // of a process that was killed
    }

    const auto pinned = pinned_interfaces(directory);
    const auto &interfaces = command.all ? pinned : command.interfaces;
    for (const auto &interface : interfaces) {
        if (std::find(pinned.begin(), pinned.end(), interface) != pinned.end()) continue;
        refuse_unconfirmed(directory);
        throw CommandError(
            fmt::format("'{}' is not attached by us (xdp-portscan status)", interface));
    }
    for (const auto &interface : interfaces) detach(directory, interface);
    if (command.all) refuse_unconfirmed(directory);
    if (command.all && interfaces.empty()) print_line("not attached to any interface");
    if (!command.purge) return done;

    if (const auto left = pinned_interfaces(directory); !left.empty())
        throw CommandError(fmt::format("still attached to {}: the state is kept (unload --all "
                                       "--purge)",
                                       left.front()));
    unpin_detector(directory);
    directory.remove_if_empty();
    print_line("forgot the state");
    return done;
}

} // namespace

void setup_unload(CLI::App &app, int &exit_status) {
    CLI::App *const unload =
        app.add_subcommand("unload", "detach; the state stays unless it is purged");
    const auto command = std::make_shared<UnloadCommand>();
    unload->add_option("IFACE", command->interfaces, "interfaces to detach from")->type_name("");
    unload->add_flag("--all", command->all, "detach from every interface");
    unload->add_flag("--purge", command->purge,
                     "forget the state too: blocks, allowlist and counters");
    add_pin_dir(*unload, command->pin_dir);
    unload->callback([command, &exit_status] { exit_status = run_unload(*command); });
}

} // namespace portscan
