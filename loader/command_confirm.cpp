// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/commands.h"
#include "loader/confirmation.h"
#include "loader/console.h"

#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <memory>
#include <poll.h>
#include <system_error>

namespace portscan {
namespace {

/// The process answers by taking the mark away.
bool wait_for_answer(const PinDirectory &directory) {
    constexpr int tries = 250;
    for (int i = 0; i < tries && directory.has_mark(unconfirmed_mark); ++i) poll(nullptr, 0, 20);
    return !directory.has_mark(unconfirmed_mark);
}

int run_confirm(const std::string &pin_dir) {
    const auto directory = PinDirectory::open(pin_dir);
    const auto holder = directory ? InstanceLock::holder(*directory) : std::nullopt;
    if (!holder || !directory->has_mark(unconfirmed_mark))
        throw CommandError("nothing to confirm: no `xdp-portscan run --confirm` is waiting");
    if (*holder == 0)
        throw CommandError("the process that waits cannot be seen from here (/proc/locks): run "
                           "confirm in its pid namespace");
    if (kill(*holder, confirm_signal) != 0)
        throw std::system_error(errno, std::generic_category(),
                                fmt::format("signal process {}", *holder));
    if (!wait_for_answer(*directory))
        throw CommandError(fmt::format("process {} did not answer", *holder));
    if (!InstanceLock::holder(*directory))
        throw CommandError("too late: the process detached and ended");
    print_line("confirmed: the filter stays attached");
    return done;
}

} // namespace

void setup_confirm(CLI::App &app, int &exit_status) {
    CLI::App *const confirm = app.add_subcommand(
        "confirm", "keep what `run --confirm` attached: you can still reach this host");
    const auto pin_dir = std::make_shared<std::string>();
    add_pin_dir(*confirm, *pin_dir);
    confirm->callback([pin_dir, &exit_status] { exit_status = run_confirm(*pin_dir); });
}

} // namespace portscan
