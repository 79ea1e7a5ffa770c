// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/command_cover.h"

#include "loader/option_flags.h"
#include "sim/console.h"
#include "sim/coverage.h"
#include "sim/coverage_report.h"
#include "sim/exit_status.h"
#include "sim/input_files.h"
#include "sim/output_file.h"
#include "sim/privileges.h"
#include "sim/progress.h"
#include "sim/stages.h"
#include "sim/unreachable.h"

#include <algorithm>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace portscan {
namespace {

/// Frames in two buffers: the Ethernet header in the first one, all else has to be fetched.
constexpr std::size_t split_behind_ethernet = 14;

/// Runs the cases; how many did not come out as the scenario says.
class CoverRun {
  public:
    CoverRun(const CoverCommand &command, const Coverage &coverage) : settings_(command.settings) {
        settings_.simulator.change = [&coverage](ProgramText &text) { coverage.put_into(text); };
        settings_.tick = [this] { progress_.step(); };
    }

    /// How a frame is read does not depend on options: one case is enough for split frames.
    unsigned run(const Scenario &scenario) {
        progress_.start({.label = scenario.source.path(), .unit = "frames"});
        settings_.simulator.linear_size.reset();
        for (const ScenarioCase &each : scenario.cases) run(scenario, each);
        settings_.simulator.linear_size = split_behind_ethernet;
        run(scenario, scenario.cases.front());
        return failed_;
    }

  private:
    void run(const Scenario &scenario, const ScenarioCase &one) {
        const CaseResult result = run_case(scenario, one, settings_);
        if (result.passed()) return;
        ++failed_;
        progress_.clear();
        complain(fmt::format("{}: {}: fails{}, see xdp-portscan-sim test", result.file,
                             result.title, settings_.simulator.linear_size ? ", split" : ""));
    }

    RunSettings settings_;
    Progress progress_;
    unsigned failed_ = 0;
};

/// All stages, on detectors that count.
/// Returns how many do not come out; each is told.
unsigned run_stages(const Coverage &coverage, const std::string &object_path) {
    constexpr std::size_t storm_steps = 16'000;
    auto stages = find_stages(storm_steps);
    unsigned failed = 0;
    for (auto next = stages.begin(); next != stages.end();) {
        const StageSetting setting = next->setting;
        StageDetector detector{setting, object_path};
        for (const ProgramRole role : {ProgramRole::filter, ProgramRole::expiry})
            detector.use_changed(role, [&](ProgramText &text, const Interference &other) {
                coverage.put_into(text, other);
            });
        const auto end = std::stable_partition(
            next, stages.end(), [&](const StageScript &stage) { return stage.setting == setting; });
        for (; next != end; ++next) {
            try {
                play(*next, detector);
            } catch (const StageFailure &failure) {
                complain(fmt::format("stage '{}': {}", next->name, failure.what()));
                ++failed;
            }
        }
    }
    return failed;
}

InputFiles inputs_of(const CoverCommand &command, const std::vector<Scenario> &scenarios) {
    InputFiles inputs;
    for (const Scenario &scenario : scenarios) inputs.add_scenario(scenario);
    inputs.add(command.unreachable, "the list of --unreachable");
    inputs.add_object(command.settings.simulator.object_path);
    inputs.add_options(command.settings.options);
    return inputs;
}

} // namespace

int run_cover(const CoverCommand &command, std::ostream &out) {
    DetectorOptions options;
    command.settings.options.apply(options);
    validate(options);
    drop_privileges(KeptCapabilities::loading);
    const auto list = command.unreachable.empty() ? std::vector<Unreachable>{}
                                                  : read_unreachable(command.unreachable);
    const std::vector<Scenario> scenarios = load_scenarios(command.paths);
    const bool json_only = command.json == "-";
    refuse_standard_output("lcov", command.lcov);
    check_outputs({{"lcov", command.lcov}, {"json", command.json}}, inputs_of(command, scenarios));
    OutputFile lcov{"lcov", command.lcov};
    OutputFile json{"json", command.json};

    const Coverage coverage{command.settings.simulator.object_path};
    CoverRun run{command, coverage};
    unsigned failed = 0;
    for (const Scenario &scenario : scenarios) failed = run.run(scenario);
    const std::size_t by_scenarios = totals_of(coverage.report()).covered;
    failed += run_stages(coverage, command.settings.simulator.object_path);

    CoverageReport report = coverage.report();
    report.covered_by_scenarios = by_scenarios;
    const auto wrong = mark_unreachable(report, list, command.unreachable);
    for (const std::string &line : wrong) complain(line);
    if (lcov.is_open()) write_lcov(lcov.stream(), report, command.lcov_root);
    if (json_only || json.is_open()) write_coverage_json(json_only ? out : json.stream(), report);
    if (!json_only) write_coverage_table(out, report);
    lcov.close();
    json.close();
    const double percent = totals_of(report).percent();
    if (percent < command.fail_under)
        complain(fmt::format("{:.2f} % of the blocks ran, {} % must", percent, command.fail_under));
    return failed != 0 || !wrong.empty() || percent < command.fail_under ? exit_failed : exit_done;
}

void setup_cover(CLI::App &app, int &exit_status) {
    CLI::App *const cover = app.add_subcommand(
        "cover", "how much of the program scenarios exercise: blocks and branches by source line");
    const auto command = std::make_shared<CoverCommand>();
    cover->add_option("PATH", command->paths, "scenario files, or folders of *.scenario.toml")
        ->type_name("")
        ->required();
    cover
        ->add_option("--unreachable", command->unreachable,
                     "blocks that nothing can reach, each with the reason (docs/coverage.md)")
        ->type_name("FILE");
    cover
        ->add_option("--fail-under", command->fail_under,
                     "fail where less than this part of the blocks that can be reached ran")
        ->type_name("PERCENT")
        ->check(CLI::Range(0.0, 100.0));
    cover->add_option("--lcov", command->lcov, "write lcov's trace, for genhtml")
        ->type_name("FILE");
    cover
        ->add_option("--lcov-root", command->lcov_root,
                     "put this before the names of source files in it")
        ->type_name("FOLDER/");
    cover->add_flag("--json{-}", command->json,
                    "print a JSON object in place of the table, or with --json=FILE beside it");
    cover
        ->add_option("--object", command->settings.simulator.object_path,
                     "run this detector, not the embedded one")
        ->type_name("FILE");
    add_detection_options(*cover, command->settings.options);
    cover->callback([command, &exit_status] { exit_status = run_cover(*command, std::cout); });
}

} // namespace portscan
