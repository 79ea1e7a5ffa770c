// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/command_fuzz.h"

#include "loader/option_flags.h"
#include "sim/console.h"
#include "sim/exit_status.h"
#include "sim/fuzz_report.h"
#include "sim/fuzz_shrink.h"
#include "sim/input_files.h"
#include "sim/interruption.h"
#include "sim/lost_outputs.h"
#include "sim/output_file.h"
#include "sim/privileges.h"
#include "sim/progress.h"
#include "sim/scenario_run.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace portscan {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view schema = "xdp-portscan-sim/fuzz/1";

/// What is left of a difference.
struct Report {
    FuzzFinding finding;
    std::optional<FuzzFiles> files{}; ///< nothing where they cannot be written
};

/// The command that meets the difference again.
std::string same_again(const FuzzSettings &settings) {
    RunSettings run{.options = settings.options,
                    .simulator = {.object_path = settings.object_path}};
    return fmt::format("{} --seed {} --packets {}", command_line("fuzz", run), settings.seed,
                       settings.packets);
}

Json reasons_json(const FuzzResult &result) {
    Json reasons = Json::object();
    for (std::size_t i = 0; i < reason_count; ++i)
        if (result.reasons.at(i) != 0)
            reasons[std::string{to_string(static_cast<Reason>(i))}] = result.reasons.at(i);
    return reasons;
}

void write_json(std::ostream &out, const FuzzSettings &settings, const FuzzResult &result,
                const std::optional<Report> &report) {
    Json line{{"schema", schema},
              {"seed", settings.seed},
              {"packets", result.packets},
              {"actions", result.actions},
              {"rounds", result.rounds},
              {"differences", report ? 1 : 0},
              {"reasons", reasons_json(result)}};
    if (report) {
        line["summary"] = summarize(report->finding);
        if (const auto &files = report->files) {
            line["capture"] = files->capture;
            line["scenario"] = files->scenario;
            line["scenario_fails"] = files->scenario_fails;
        } else {
            line["capture"] = line["scenario"] = line["scenario_fails"] = nullptr;
        }
        line["command"] = same_again(settings);
    }
    // Names of files need not be UTF-8.
    out << line.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}

void write_text(std::ostream &out, const FuzzSettings &settings, const FuzzResult &result,
                const std::optional<Report> &report) {
    out << fmt::format("{} packets and {} actions in {} rounds, seed {}: {}\n", result.packets,
                       result.actions, result.rounds, settings.seed,
                       report ? "detector and model differ" : "detector and model agree");
    if (!report) return;
    out << summarize(report->finding) << '\n';
    if (const auto &files = report->files) {
        const RunSettings run{.simulator = {.object_path = settings.object_path}};
        out << fmt::format("capture:  {} ({} frames)\n", printable(files->capture), files->frames)
            << fmt::format("scenario: {}\n", printable(test_command(files->scenario, run)));
    }
    out << fmt::format("again:    {}\n", printable(same_again(settings)));
    if (report->files && !report->files->scenario_fails)
        out << "The scenario passes: it holds time that runs backwards, or no verdict and no "
               "counter shows the difference. The command above shows it.\n";
}

} // namespace

int run_fuzz(const FuzzCommand &command, std::ostream &out) {
    FuzzSettings settings = command.settings;
    drop_privileges(KeptCapabilities::loading); // each round loads a program with its own options
    check_folder(command.folder);
    const bool json_only = command.json == "-";
    InputFiles inputs;
    inputs.add_object(settings.object_path);
    inputs.add_options(settings.options);
    check_outputs({{"json", command.json}}, inputs);
    OutputFile json{"json", command.json};

    Progress progress;
    progress.start({.total = settings.packets});
    settings.tick = [&progress] { progress.step(); };
    std::optional<Interruption> interruption{std::in_place};
    settings.wants_stop = [&interruption] { return interruption->interrupted(); };
    const FuzzResult result = fuzz(settings);
    progress.clear();
    if (interruption->interrupted())
        complain(fmt::format("interrupted: {} of {} packets compared", result.packets,
                             settings.packets));
    else
        interruption.reset(); // while a difference is made small, a signal ends all

    LostOutputs lost;
    std::optional<Report> report;
    if (result.finding) {
        settings.tick = {};
        report.emplace(Report{shrink(*result.finding, settings)});
        lost.attempt(
            [&] { report->files = write_files(report->finding, settings, command.folder); });
    }
    if (!command.json.empty())
        write_json(json_only ? out : json.stream(), settings, result, report);
    if (!json_only) write_text(out, settings, result, report);
    lost.attempt([&] { json.close(); });
    lost.flush(out);
    lost.tell();
    if (interruption) interruption->pass_on();
    return report ? exit_failed : exit_done;
}

void setup_fuzz(CLI::App &app, int &exit_status) {
    CLI::App *const fuzz = app.add_subcommand(
        "fuzz", "random and adversarial traffic against an independent model of the detector");
    const auto command = std::make_shared<FuzzCommand>();
    fuzz->add_option("--seed", command->settings.seed, "the same seed gives the same traffic")
        ->type_name("N")
        ->capture_default_str();
    fuzz->add_option("--packets", command->settings.packets, "frames to compare")
        ->type_name("N")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 62))
        ->capture_default_str();
    fuzz->add_option("--object", command->settings.object_path,
                     "run this detector, not the embedded one")
        ->type_name("FILE");
    fuzz->add_option("--write-to", command->folder,
                     "folder for capture and scenario of a difference")
        ->type_name("DIR")
        ->capture_default_str();
    fuzz->add_flag("--json{-}", command->json,
                   "print one JSON object in place of text, or with --json=FILE beside it");
    add_detection_options(*fuzz, command->settings.options);
    fuzz->footer("Detection options that are not given are drawn anew for each round.");
    fuzz->callback([command, &exit_status] { exit_status = run_fuzz(*command, std::cout); });
}

} // namespace portscan
