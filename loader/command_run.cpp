// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/commands.h"
#include "loader/confirmation.h"
#include "loader/options.h"
#include "loader/run_loop.h"

#include <csignal>
#include <fmt/format.h>
#include <memory>

namespace portscan {
namespace {

std::chrono::nanoseconds parse_confirm(const std::string &text) {
    const auto duration = parse_duration(text);
    if (!duration || duration->count() == 0)
        throw OptionError(fmt::format("confirm: '{}' is not a duration above 0 with its unit "
                                      "(500ms, 60s, 10m, 4h, 1d)",
                                      text));
    return *duration;
}

/// Those that are attached already are enough.
void require_interfaces(const ServiceOptions &service) {
    if (!service.interfaces.empty()) return;
    const auto present = PinDirectory::open(service.pin_dir);
    if (!present || pinned_interfaces(*present).empty())
        throw OptionError("run: give interfaces to attach to, or default-route");
}

int run_run(const RunCommand &command, int argc, char **argv) {
    RunningBinary binary{argc, argv};
    SignalReader signals{SIGTERM, SIGINT, SIGHUP, confirm_signal};
    std::signal(SIGPIPE, SIG_IGN);
    HostSettings settings = read_settings(command.arguments);
    require_capabilities();
    require_interfaces(settings.service);
    auto directory = open_pin_directory(settings.service);
    std::optional<InstanceLock> lock;
    if (const auto fd = RunningBinary::take_inherited_lock())
        lock = InstanceLock::inherit(directory, *fd);
    const bool replaces = lock.has_value();
    if (!lock) lock = take_lock(directory);
    RunLoop loop{command,          std::move(settings), std::move(directory),
                 std::move(*lock), std::move(binary),   std::move(signals)};
    loop.start(replaces);
    return loop.run();
}

} // namespace

void setup_run(CLI::App &app, int &exit_status, int argc, char **argv) {
    CLI::App *const run = app.add_subcommand(
        "run", "attach, expire, export metrics and log blocks, in the foreground");
    const auto command = std::make_shared<RunCommand>();
    add_host_options(*run, command->arguments,
                     {"mode", "pin-dir", "no-auto-allow", "listen", "log-format", "keep"});
    run->add_option_function<std::string>(
           "--confirm",
           [command](const std::string &text) { command->confirm = parse_confirm(text); },
           "detach after so long unless `xdp-portscan confirm` is run until then")
        ->type_name("TIME");
    run->callback(
        [command, &exit_status, argc, argv] { exit_status = run_run(*command, argc, argv); });
}

} // namespace portscan
