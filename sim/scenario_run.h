// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"
#include "sim/case_result.h"
#include "sim/scenario.h"
#include "sim/simulator.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// What the command line says about every case.
struct RunSettings {
    OptionOverrides options{}; ///< the weakest layer: `[detector]` and `[[case]]` go over it
    SimulatorSettings simulator{};
    std::function<void()> tick{}; ///< called now and then while frames run, for progress
};

/// Runs one case on a simulator of its own and holds it against its expectations. Where one does
/// not come out the case runs again, to find the frame at which it went wrong. Throws
/// std::system_error where the kernel refuses: that says nothing about the detector.
CaseResult run_case(const Scenario &scenario, const ScenarioCase &one, const RunSettings &settings);

/// Do all expectations of the case come out on this simulator? It has the case's options and an
/// empty registry. Only says whether, and so takes one run.
bool holds(const Scenario &scenario, const ScenarioCase &one, Simulator &simulator);

/// The options of a case: those of the settings, `[detector]` and the case's own, the strongest
/// last. Throws OptionError.
DetectorOptions case_options(const ScenarioCase &one, const RunSettings &settings);

/// All cases of a scenario, in its order.
std::vector<CaseResult> run_scenario(const Scenario &scenario, const RunSettings &settings);

/// The result that stands for a file that is no scenario.
CaseResult failed_scenario(const std::string &path, const ScenarioError &error,
                           const RunSettings &settings);

/// `xdp-portscan-sim NAME --max-ports 2`, for a shell.
std::string command_line(std::string_view name, const RunSettings &settings);
/// `xdp-portscan-sim test --max-ports 2 nmap.scenario.toml`.
std::string test_command(const std::string &path, const RunSettings &settings);

} // namespace portscan
