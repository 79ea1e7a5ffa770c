// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/command_tune.h"

#include "loader/detector.h"
#include "loader/digest.h"
#include "sim/capture.h"
#include "sim/console.h"
#include "sim/exit_status.h"
#include "sim/input_files.h"
#include "sim/interruption.h"
#include "sim/labels.h"
#include "sim/lost_outputs.h"
#include "sim/option_set.h"
#include "sim/output_file.h"
#include "sim/privileges.h"
#include "sim/progress.h"
#include "sim/replay_context.h"
#include "sim/shell_word.h"
#include "sim/tune_sweep.h"
#include "sim/tuning_report.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <thread>

namespace portscan {
namespace {

std::vector<LabelledCapture> read_labels(const std::vector<std::string> &files) {
    std::vector<LabelledCapture> captures;
    std::vector<std::string> complaints;
    for (const std::string &file : files) {
        try {
            for (LabelledCapture &capture : load_labels(file))
                captures.push_back(std::move(capture));
        } catch (const ScenarioError &error) {
            complaints.insert(complaints.end(), error.lines().begin(), error.lines().end());
        }
    }
    if (!complaints.empty()) throw ScenarioError{std::move(complaints)};
    return captures;
}

InputFiles inputs_of(const TuneCommand &command, const std::vector<LabelledCapture> &captures) {
    InputFiles inputs;
    for (const std::string &file : command.labels) inputs.add(file, "a file of labels");
    for (const LabelledCapture &one : captures) inputs.add_captures({one.path});
    inputs.add_object(command.object_path);
    inputs.add_options(command.sweep.fixed);
    for (const std::string &set : command.sweep.also)
        inputs.add_options(parse_option_set("also", set));
    return inputs;
}

/// What to know before believing the figures.
void warn_of(const Tuning &tuning) {
    for (std::size_t i = 0; i < tuning.captures.size(); ++i) {
        const auto &[packets, selected, senders, scanners, honest, damage] = tuning.surveys[i];
        const LabelledCapture &capture = tuning.captures[i];
        if (packets != 0 && selected == 0)
            warn(fmt::format("{}: {}: {}", capture.where, capture.path, nothing_selected(packets)));
        if (!damage.empty())
            complain(fmt::format("{}: {}: {}", capture.where, capture.path, damage));
    }
    if (tuning.scanners() == 0)
        warn("no scanner is labelled: nothing shows whom a setting would miss");
    if (tuning.honest() == 0)
        warn("no honest source sends a probe in these captures: nothing shows whom a setting would "
             "wrong");
}

class TuneRun {
  public:
    explicit TuneRun(const TuneCommand &command) :
        command_(command),
        work_{.object_path = command.object_path,
              .jobs = command.jobs != 0 ? command.jobs
                                        : std::max(1U, std::thread::hardware_concurrency()),
              .report_sources = command.report_sources,
              .tick =
                  [this](std::uint64_t records) {
                      for (; records != 0; --records) progress_.step();
                  },
              .wants_stop = [this] { return interruption_.interrupted(); }} {}

    int run() {
        Tuning tuning;
        tuning.may_wrong = command_.may_wrong;
        tuning.settings = settings_of(command_.sweep);
        tuning.object_sha256 = sha256_hex(read_object(command_.object_path));
        tuning.kernel = kernel_release();
        check_kernel(tuning.settings.front());
        drop_privileges(KeptCapabilities::loading);
        tuning.captures = read_labels(command_.labels);
        check_outputs({{"json", command_.json}, {"html", command_.html}},
                      inputs_of(command_, tuning.captures));
        OutputFile json{"json", command_.json};
        OutputFile html{"html", command_.html};

        look_at_captures(tuning);
        if (!interruption_.interrupted()) try_settings(tuning);
        if (interruption_.interrupted()) return end_by_signal();
        write(tuning, json, html);
        interruption_.pass_on();
        const bool whole = std::all_of(tuning.surveys.begin(), tuning.surveys.end(),
                                       [](const CaptureSurvey &one) { return one.damage.empty(); });
        return whole ? exit_done : exit_unreadable;
    }

  private:
    /// Before captures are read for nothing.
    void check_kernel(const SweepSetting &setting) const {
        DetectorOptions options = setting.options;
        options.max_sources = options.max_sources6 = 2;
        options.max_blocked.reset();
        options.max_blocked6.reset();
        const Simulator loads{options, {.object_path = command_.object_path}};
    }

    void look_at_captures(Tuning &tuning) {
        progress_.start({.label = "looking at the captures"});
        tuning.surveys = survey_all(tuning.captures, counted_prefix(tuning.settings), work_);
        progress_.clear();
        if (!interruption_.interrupted()) warn_of(tuning);
    }

    void try_settings(Tuning &tuning) {
        std::uint64_t packets = 0;
        for (const CaptureSurvey &one : tuning.surveys) packets += one.packets;
        progress_.start({.label = fmt::format("{} settings", tuning.settings.size()),
                         .total = packets * readings(tuning.settings.size(), work_.jobs)});
        tuning.outcomes = sweep(tuning.captures, tuning.surveys, tuning.settings, work_);
        progress_.clear();
        if (interruption_.interrupted()) return;
        tuning.frontier = find_frontier(tuning.settings, tuning.outcomes);
        tuning.recommendation = recommend(tuning.frontier, tuning.outcomes, tuning.may_wrong);
    }

    void write(const Tuning &tuning, OutputFile &json, OutputFile &html) const {
        const std::string command_line = shell_words(command_.command_line);
        if (command_.json == "-") write_tuning_json(std::cout, tuning);
        if (json.is_open()) write_tuning_json(json.stream(), tuning);
        if (command_.html == "-") write_tuning_page(std::cout, tuning, command_line);
        if (html.is_open()) write_tuning_page(html.stream(), tuning, command_line);
        if (command_.json != "-")
            (command_.html == "-" ? std::cerr : std::cout) << tuning_text(tuning);
        LostOutputs lost;
        lost.attempt([&] { json.close(); });
        lost.attempt([&] { html.close(); });
        lost.flush(std::cout);
        if (command_.html == "-") lost.flush(std::cerr);
        lost.tell();
    }

    int end_by_signal() const {
        complain("interrupted: there is no table, since settings are compared over all captures");
        interruption_.pass_on();
        return exit_unreadable; // a signal that is blocked
    }

    const TuneCommand &command_;
    Interruption interruption_{};
    Progress progress_{};
    TuneWork work_;
};

/// `--max-ports 2..8`: all options that are not lists take several values; lists are the same for
/// every setting.
void add_swept_options(CLI::App &app, SweepRequest &request) {
    const DetectorOptions defaults;
    for (const OptionSpec &spec : option_specs()) {
        const std::string flag = fmt::format("--{}", spec.name);
        if (can_be_swept(spec)) {
            app.add_option_function<std::string>(
                   flag,
                   [&request, &spec](const std::string &text) {
                       request.swept.emplace_back(spec.name, parse_sweep_values(spec, text));
                   },
                   std::string{spec.help})
                ->take_last()
                ->type_name(fmt::format("{},...", spec.value_name))
                ->group("Detection");
        } else if (!spec.value_name.empty()) {
            app.add_option_function<std::string>(
                   flag,
                   [&request, &spec](const std::string &text) {
                       DetectorOptions scratch;
                       spec.set(scratch, text); // a bad one is refused at once
                       request.fixed.values.emplace_back(spec.name, text);
                   },
                   std::string{spec.help})
                ->take_last()
                ->type_name(std::string{spec.value_name})
                ->group("Detection, of every setting");
        }
    }
}

void add_outputs(CLI::App &app, TuneCommand &command) {
    app.add_flag("--json{-}", command.json,
                 "print a JSON object in place of the table, or with --json=FILE beside it");
    app.add_option("--html", command.html, "write a page for people that needs nothing else")
        ->type_name("FILE");
    app.add_option("--report-sources", command.report_sources,
                   "sources in the JSON and the page, of each capture and setting, in either list")
        ->type_name("N")
        ->check(CLI::Range(0, 10'000'000))
        ->default_str(fmt::to_string(command.report_sources));
}

} // namespace

void setup_tune(CLI::App &app, const std::vector<std::string> &command_line, int &exit_status) {
    CLI::App *const tune = app.add_subcommand(
        "tune", "options swept over labelled captures: who is caught, who is wronged");
    const auto command = std::make_shared<TuneCommand>();
    command->command_line = command_line;
    tune->add_option("LABELS", command->labels,
                     "CSV with the header capture,filter,scanners (docs/tune.md)")
        ->type_name("")
        ->required();
    tune->add_option("--also", command->sweep.also,
                     "one more setting beside all combinations: max-ports=3,ignore-ports=21,80")
        ->type_name("OPTION=VALUE,...")
        ->allow_extra_args(false);
    tune->add_option("--may-wrong", command->may_wrong,
                     "recommend a setting that wrongs so many honest sources if it catches more")
        ->type_name("N")
        ->check(CLI::Range(0, 1'000'000'000))
        ->default_str("0");
    tune->add_option("--jobs", command->jobs, "threads; default: as many as CPUs")
        ->type_name("N")
        ->check(CLI::Range(1, 256));
    tune->add_option("--object", command->object_path, "run this detector, not the embedded one")
        ->type_name("FILE");
    add_outputs(*tune, *command);
    add_swept_options(*tune, command->sweep);
    tune->callback([command, &exit_status] { exit_status = run_tune(*command); });
}

int run_tune(const TuneCommand &command) {
    return TuneRun{command}.run();
}

} // namespace portscan
