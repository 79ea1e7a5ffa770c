// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/options.h"
#include "sim/capture.h"
#include "sim/command_replay.h"
#include "sim/command_synth.h"
#include "sim/command_test.h"
#include "sim/console.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cerrno>
#include <system_error>

namespace {

/// SPEC section 4.
enum ExitStatus : int { usage_or_input = 2, environment = 3 };

int parse_and_run(int argc, char **argv) {
    CLI::App app{"Runs the XDP port-scan detector on captured and synthesized traffic, inside the "
                 "kernel and on no interface",
                 "xdp-portscan-sim"};
    app.set_version_flag("--version", "xdp-portscan-sim " PORTSCAN_VERSION);
    app.require_subcommand(1);
    int exit_status = 0;
    portscan::setup_replay(app, exit_status);
    portscan::setup_test(app, exit_status);
    portscan::setup_synth(app, exit_status);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success &success) { // --help, --version
        return app.exit(success);
    } catch (const CLI::Error &error) {
        portscan::complain(std::string{error.what()} + " (see --help)");
        return usage_or_input;
    }
    return exit_status;
}

} // namespace

int main(int argc, char **argv) {
    try {
        return parse_and_run(argc, argv);
    } catch (const portscan::OptionError &error) {
        portscan::complain(error.what());
        return usage_or_input;
    } catch (const portscan::CaptureError &error) {
        portscan::complain(error.what());
        return usage_or_input;
    } catch (const std::exception &error) {
        portscan::complain(error.what());
        return environment;
    }
}
