// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/command_mutate.h"

#include "loader/detector.h"
#include "loader/option_flags.h"
#include "sim/console.h"
#include "sim/exit_status.h"
#include "sim/input_files.h"
#include "sim/mutant_choice.h"
#include "sim/mutation_campaign.h"
#include "sim/mutation_report.h"
#include "sim/output_file.h"
#include "sim/privileges.h"
#include "sim/progress.h"

#include <algorithm>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <thread>

namespace portscan {
namespace {

/// More equivalents than that and the list hides something.
constexpr double most_equivalent = 5; // percent

std::vector<EquivalentMutants> load_equivalents(const std::string &path) {
    if (path.empty()) return {};
    try {
        return parse_equivalents(SourceText::read(path));
    } catch (const std::system_error &error) {
        throw ScenarioError{{error.what()}};
    }
}

struct AllMutants {
    std::vector<Mutant> mutants;
    std::string object_sha256;
};

AllMutants mutants_of(const std::string &object_path) {
    // Any options do: they are constants beside the instructions, and change none.
    const Simulator simulator{DetectorOptions{.max_sources = 1000, .max_sources6 = 1000},
                              {.object_path = object_path}};
    return {find_mutants(simulator.detector(), object_path), simulator.object_sha256()};
}

/// Nothing can be said about mutants on which a scenario fails that fails anyway.
bool refuse_broken(const std::vector<std::string> &broken) {
    for (const std::string &one : broken)
        complain(fmt::format("{} does not come out without any mutation: run 'xdp-portscan-sim "
                             "test' on it first, or 'cover' where it is a stage",
                             one));
    return !broken.empty();
}

int status_of(const MutationReport &report, double min_kill) {
    int status = exit_done;
    const auto fail = [&](const std::string &why) {
        complain(why);
        status = exit_failed;
    };
    for (const std::string &problem : report.problems) fail(problem);
    if (report.rate() < min_kill)
        fail(fmt::format("{:.2f} % of the mutants that differ are killed, --min-kill asks for {} %",
                         report.rate(), min_kill));
    const double equivalent =
        100.0 * static_cast<double>(report.equivalent) / static_cast<double>(report.tried);
    if (report.tried == report.found && equivalent > most_equivalent)
        fail(fmt::format("{:.1f} % of the mutants are listed as equivalent, more than {} %: write "
                         "scenarios for some",
                         equivalent, most_equivalent));
    return status;
}

InputFiles inputs_of(const MutateCommand &command, const std::vector<Scenario> &scenarios) {
    InputFiles inputs;
    for (const Scenario &scenario : scenarios) inputs.add_scenario(scenario);
    inputs.add(command.equivalents, "the list of --equivalent");
    inputs.add(command.again, "what --again reads");
    inputs.add_object(command.object_path);
    inputs.add_options(command.options);
    return inputs;
}

} // namespace

int run_mutate(const MutateCommand &command, std::ostream &out) {
    drop_privileges(KeptCapabilities::loading);
    const auto scenarios = load_scenarios(command.paths);
    const auto list = load_equivalents(command.equivalents);
    check_outputs({{"json", command.json}}, inputs_of(command, scenarios));
    OutputFile json{"json", command.json};
    auto [all, object_sha256] = mutants_of(command.object_path);
    const std::size_t found = all.size();
    if (!command.only.empty()) all = of_file(std::move(all), command.only);
    if (!command.again.empty()) all = survivors_of(std::move(all), command.again, object_sha256);
    const auto mutants =
        draw_sample(std::move(all), command.sample == 0 ? found : command.sample, command.seed);

    Progress progress;
    const std::size_t jobs =
        command.jobs == 0 ? std::max(1U, std::thread::hardware_concurrency()) : command.jobs;
    Campaign campaign{scenarios,
                      {.options = command.options,
                       .object_path = command.object_path,
                       .jobs = jobs,
                       .rounds = command.rounds,
                       .stages = command.stages,
                       .tick = [&progress] { progress.step(); }}};
    if (refuse_broken(campaign.find_broken())) return exit_unreadable;
    progress.start({.label = "mutate", .unit = "mutants", .total = mutants.size()});
    const auto fates = campaign.run(mutants);
    progress.clear();

    MutationReport report =
        make_report(mutants, fates, list, command.equivalents, mutants.size() == found);
    report.object_sha256 = object_sha256;
    report.cases = campaign.case_count();
    report.found = found;
    report.seed = command.seed;
    const bool json_only = command.json == "-";
    if (!json_only) write_text(out, report);
    if (json_only) write_json(out, report);
    if (json.is_open()) write_json(json.stream(), report);
    json.close();
    return status_of(report, command.min_kill);
}

void setup_mutate(CLI::App &app, int &exit_status) {
    CLI::App *const mutate = app.add_subcommand(
        "mutate", "change single instructions of the detector: does a scenario notice?");
    const auto command = std::make_shared<MutateCommand>();
    mutate->add_option("PATH", command->paths, "scenario files, or folders of *.scenario.toml")
        ->type_name("")
        ->required();
    mutate
        ->add_option("--min-kill", command->min_kill,
                     "fail where fewer of those that differ are killed")
        ->type_name("PERCENT")
        ->check(CLI::Range(0.0, 100.0));
    mutate->add_option("--sample", command->sample, "try as many, drawn at random; default: all")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000));
    mutate->add_option("--seed", command->seed, "of the sample")->type_name("N")->default_str("1");
    mutate
        ->add_option(
            "--rounds", command->rounds,
            "rounds of drawn traffic against the model, as in 'fuzz', that a mutant has to "
            "pass too")
        ->type_name("N")
        ->check(CLI::Range(0, 10'000));
    mutate->add_flag("--stages", command->stages,
                     "play the stages of 'cover' too on what survives all else: each step has to "
                     "leave what it leaves on the detector as it is");
    mutate->add_option("--only", command->only, "try the mutants of this source file alone")
        ->type_name("FILE");
    mutate
        ->add_option("--again", command->again,
                     "try those alone that survived in this JSON of an earlier run")
        ->type_name("FILE");
    mutate->add_option("--jobs", command->jobs, "mutants at a time; default: as many as CPUs")
        ->type_name("N")
        ->check(CLI::Range(1, 256));
    mutate
        ->add_option("--equivalent", command->equivalents,
                     "list of mutants that are no mistakes, with the reasons")
        ->type_name("FILE");
    mutate
        ->add_option("--object", command->object_path, "mutate this detector, not the embedded one")
        ->type_name("FILE");
    mutate->add_flag("--json{-}", command->json,
                     "print a JSON object in place of text, or with --json=FILE beside it");
    add_detection_options(*mutate, command->options);
    mutate->callback([command, &exit_status] { exit_status = run_mutate(*command, std::cout); });
}

} // namespace portscan
