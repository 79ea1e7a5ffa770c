// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/command_test.h"

#include "loader/option_flags.h"
#include "sim/bless.h"
#include "sim/case_json.h"
#include "sim/console.h"
#include "sim/exit_status.h"
#include "sim/input_files.h"
#include "sim/interruption.h"
#include "sim/junit.h"
#include "sim/lost_outputs.h"
#include "sim/output_file.h"
#include "sim/privileges.h"
#include "sim/progress.h"
#include "sim/simulator_flags.h"
#include "sim/tap.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <variant>

namespace portscan {
namespace {

/// A scenario, or why a file is none.
struct Loaded {
    std::string path;
    std::variant<Scenario, ScenarioError> scenario;

    std::size_t cases() const {
        const auto *const read = std::get_if<Scenario>(&scenario);
        return read == nullptr ? 1 : read->cases.size();
    }
};

Loaded load(const std::string &path) {
    try {
        return {path, load_scenario(path)};
    } catch (const ScenarioError &error) {
        return {path, error};
    }
}

class TestRun {
  public:
    TestRun(TestCommand command, std::ostream &out, const std::vector<Loaded> &scenarios) :
        command_(std::move(command)),
        tap_(out, count_cases(scenarios)) {
        command_.settings.tick = [this] { progress_.step(); };
    }

    /// All results, in the order of the files.
    std::vector<CaseResult> run(const std::vector<Loaded> &scenarios) {
        try {
            for (const Loaded &one : scenarios) run(one);
            if (left_out_ != 0) say_what_is_left_out(scenarios);
        } catch (const std::exception &error) {
            progress_.clear();
            tap_.bail_out(error.what());
            throw;
        }
        return std::move(results_);
    }
    /// Ends the process by the signal that ended the run, if one did.
    void pass_on() const { interruption_.pass_on(); }

  private:
    static std::size_t count_cases(const std::vector<Loaded> &scenarios) {
        std::size_t count = 0;
        for (const Loaded &one : scenarios) count += one.cases();
        return count;
    }

    void run(const Loaded &one) {
        if (stops()) {
            left_out_ += one.cases();
            return;
        }
        if (const auto *const error = std::get_if<ScenarioError>(&one.scenario)) {
            return add(failed_scenario(one.path, *error, command_.settings));
        }
        const Scenario &scenario = std::get<Scenario>(one.scenario);
        progress_.start({.label = one.path, .unit = "frames"});
        if (command_.bless) return run_and_bless(scenario);
        for (const ScenarioCase &each : scenario.cases) {
            if (stops())
                ++left_out_;
            else
                add(run_case(scenario, each, command_.settings));
        }
    }

    bool stops() const {
        if (interruption_.interrupted()) return true;
        return command_.fail_fast && !results_.empty() && !results_.back().passed();
    }

    /// Rewrites the file where it is wrong; what counts is how the file does afterwards.
    void run_and_bless(const Scenario &scenario) {
        auto results = run_scenario(scenario, command_.settings);
        const Blessing blessing = bless(scenario, results);
        for (const std::string &refused : blessing.refused) tap_.comment("not blessed: " + refused);
        if (!blessing.edits.empty()) {
            const std::string &path = scenario.source.path();
            replace_file(path, apply_edits(scenario.source.text(), blessing.edits));
            tap_.comment(difference(scenario.source, blessing.edits));
            results = run_scenario(load_scenario(path), command_.settings);
        }
        for (CaseResult &result : results) add(std::move(result));
    }

    void say_what_is_left_out(const std::vector<Loaded> &scenarios) {
        progress_.clear();
        if (!interruption_.interrupted())
            return tap_.comment(fmt::format("stopped at the first failure: {} not run", left_out_));
        const auto why =
            fmt::format("interrupted: {} of {} cases not run", left_out_, count_cases(scenarios));
        tap_.bail_out(why);
        complain(why);
        results_.push_back(
            {.file = command_.paths.front(), .title = "interrupted", .errors = {why}});
    }

    void add(CaseResult result) {
        progress_.clear();
        tap_.write(result);
        results_.push_back(std::move(result));
    }

    TestCommand command_;
    Progress progress_;
    TapWriter tap_;
    std::vector<CaseResult> results_;
    std::size_t left_out_ = 0; ///< cases, after a failure or a signal
    Interruption interruption_{};
};

InputFiles inputs_of(const TestCommand &command, const std::vector<Loaded> &scenarios) {
    InputFiles inputs;
    for (const Loaded &one : scenarios) {
        inputs.add(one.path, "a scenario");
        if (const auto *const read = std::get_if<Scenario>(&one.scenario))
            inputs.add_scenario(*read);
    }
    inputs.add_object(command.settings.simulator.object_path);
    inputs.add_options(command.settings.options);
    return inputs;
}

int status_of(const std::vector<CaseResult> &results) {
    int status = exit_done;
    for (const CaseResult &result : results) {
        if (!result.mismatches.empty()) status = std::max<int>(status, exit_failed);
        if (!result.errors.empty()) status = exit_unreadable;
    }
    return status;
}

void check_options(const OptionOverrides &given) {
    DetectorOptions options;
    given.apply(options);
    validate(options);
}

} // namespace

int run_test(const TestCommand &command, std::ostream &out) {
    if (command.bless && says_ci(std::getenv("CI"))) {
        complain(
            "--bless changes what the tests expect, and CI is set: run it on your own machine");
        return exit_unreadable;
    }
    check_options(command.settings.options);
    // Before any file is read. Each case loads a program with options of its own, so that much is
    // still needed.
    drop_privileges(KeptCapabilities::loading);
    std::vector<Loaded> scenarios;
    for (const std::string &path : find_scenarios(command.paths)) scenarios.push_back(load(path));
    const bool json_only = command.json == "-";
    refuse_standard_output("junit", command.junit);
    check_outputs({{"junit", command.junit}, {"json", command.json}},
                  inputs_of(command, scenarios));
    OutputFile junit{"junit", command.junit};
    OutputFile json{"json", command.json};
    std::ostream nowhere{nullptr};
    TestRun run{command, json_only ? nowhere : out, scenarios};
    const auto results = run.run(scenarios);
    junit.stream() << junit_document(results);
    for (const CaseResult &result : results) write_json(json_only ? out : json.stream(), result);
    LostOutputs lost;
    lost.attempt([&] { junit.close(); });
    lost.attempt([&] { json.close(); });
    lost.flush(out);
    lost.tell();
    run.pass_on();
    return status_of(results);
}

void setup_test(CLI::App &app, int &exit_status) {
    CLI::App *const test =
        app.add_subcommand("test", "run scenario files: what must come out, and whether it does");
    const auto command = std::make_shared<TestCommand>();
    test->add_option("PATH", command->paths, "scenario files, or folders of *.scenario.toml")
        ->type_name("")
        ->required();
    test->add_option("--junit", command->junit, "write the results as JUnit XML too")
        ->type_name("FILE");
    test->add_flag("--json{-}", command->json,
                   "print a JSON object for each case in place of TAP, or with --json=FILE beside "
                   "it");
    test->add_flag("--fail-fast", command->fail_fast, "stop at the first failure");
    test->add_flag("--bless", command->bless,
                   "rewrite the values that files expect to what came out; not in CI");
    add_simulator_options(*test, command->settings.simulator);
    add_detection_options(*test, command->settings.options);
    test->callback([command, &exit_status] { exit_status = run_test(*command, std::cout); });
}

} // namespace portscan
