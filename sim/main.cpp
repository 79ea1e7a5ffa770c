// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/options.h"
#include "sim/capture.h"
#include "sim/command_replay.h"
#include "sim/command_synth.h"
#include "sim/command_test.h"
#include "sim/console.h"
#include "sim/exit_status.h"
#include "sim/privileges.h"
#include "sim/scenario.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <system_error>

namespace {

/// A refusal of the kernel, with the capabilities that the process was started without.
std::string explain(const std::system_error &error, const std::vector<std::string_view> &missing) {
    const bool refused = error.code() == std::errc::operation_not_permitted ||
                         error.code() == std::errc::permission_denied;
    if (!refused) return error.what();
    if (missing.empty()) {
        return fmt::format("{}; a container or user namespace may have to permit BPF",
                           error.what());
    }
    return fmt::format("{}: {} missing; run it as root or with CAP_BPF, CAP_NET_ADMIN and "
                       "CAP_PERFMON",
                       error.what(), fmt::join(missing, ", "));
}

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
        return portscan::exit_unreadable;
    }
    return exit_status;
}

} // namespace

int main(int argc, char **argv) {
    std::vector<std::string_view> missing;
    try {
        missing = portscan::missing_for_bpf(portscan::effective_capabilities());
        return parse_and_run(argc, argv);
    } catch (const portscan::OptionError &error) {
        portscan::complain(error.what());
        return portscan::exit_unreadable;
    } catch (const portscan::ScenarioError &error) {
        for (const std::string &line : error.lines()) portscan::complain(line);
        return portscan::exit_unreadable;
    } catch (const portscan::CaptureError &error) {
        portscan::complain(error.what());
        return portscan::exit_unreadable;
    } catch (const std::system_error &error) {
        portscan::complain(explain(error, missing));
        return portscan::exit_environment;
    } catch (const std::exception &error) {
        portscan::complain(error.what());
        return portscan::exit_environment;
    }
}
