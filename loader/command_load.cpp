// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/commands.h"
#include "loader/confirmation.h"
#include "loader/console.h"
#include "loader/filter.h"
#include "loader/host_settings.h"

#include <memory>

namespace portscan {
namespace {

int run_load(const HostArguments &arguments) {
    const HostSettings settings = read_settings(arguments);
    if (settings.service.interfaces.empty())
        throw OptionError("load: give interfaces to attach to, or default-route");
    require_capabilities();
    const auto directory = open_pin_directory(settings.service);
    const auto lock = take_lock(directory);
    directory.clear_mark(unconfirmed_mark); // of a process that was killed
    Filter filter{directory, print_line};
    filter.apply(
        {.options = settings.detector,
         .interfaces = settings.service.interfaces,
         .mode = settings.service.mode,
         .find_auto_allow = [&settings] { return find_auto_allow(settings.service, print_line); },
         .keep_others = true});
    if (filter.attachments().empty())
        throw CommandError("attached to nothing: there is no default route; name the interfaces");
    return done;
}

} // namespace

void setup_load(CLI::App &app, int &exit_status) {
    CLI::App *const load = app.add_subcommand(
        "load", "attach and return; the filter stays, without an expirer and metrics");
    const auto arguments = std::make_shared<HostArguments>();
    add_host_options(*load, *arguments, {"mode", "pin-dir", "no-auto-allow"});
    load->callback([arguments, &exit_status] { exit_status = run_load(*arguments); });
}

} // namespace portscan
