// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/command_compare.h"

#include "loader/option_flags.h"
#include "sim/annotated_capture.h"
#include "sim/comparison_report.h"
#include "sim/console.h"
#include "sim/exit_status.h"
#include "sim/frame_comment.h"
#include "sim/interruption.h"
#include "sim/lost_outputs.h"
#include "sim/output_file.h"
#include "sim/privileges.h"
#include "sim/progress.h"
#include "sim/scenario_play.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace portscan {
namespace {

/// The files of its options.
InputFiles option_files(const CompareRequest &request, const ComparedSides &sides) {
    InputFiles files;
    for (const std::string &object : sides.objects) files.add_object(object);
    for (const OptionOverrides &options : sides.options) files.add_options(options);
    files.add_options(request.given);
    return files;
}

/// The annotated capture; nothing is written where it has no name.
class Annotation {
  public:
    Annotation(const std::string &path, LostOutputs &lost) : lost_(lost) {
        if (path.empty()) return;
        try {
            file_ = AnnotatedCapture::create(path);
        } catch (const CaptureError &error) {
            throw OptionError(fmt::format("annotate: {}", error.what()));
        }
    }

    /// Before the frames of an input; how its capture is to be opened.
    CaptureOptions start(const ScenarioInput &input) {
        if (!file_) return {};
        if (!std::holds_alternative<CaptureInput>(input)) {
            lost_.write(file_, [](AnnotatedCapture &file) { file.start_frames(); });
            return {};
        }
        return {.blocks = [this](const pcapng::Block &block) {
            lost_.write(file_, [&](AnnotatedCapture &file) { file.copy(block); });
        }};
    }
    void frame(const CapturedFrame &frame, std::span<const FrameOutcome> outcomes,
               unsigned ipv6_prefix) {
        lost_.write(file_, [&](AnnotatedCapture &file) {
            const auto comment = compared_comment(frame, outcomes[0], outcomes[1], ipv6_prefix);
            if (frame.block.bytes.empty())
                file.frame(frame.time_ns, frame.bytes, comment);
            else
                file.packet(frame.block, comment);
        });
    }
    void close() {
        lost_.write(file_, [](AnnotatedCapture &file) { file.close(); });
    }

  private:
    std::optional<AnnotatedCapture> file_{};
    LostOutputs &lost_;
};

class CompareRun {
  public:
    CompareRun(const CompareCommand &command, const ComparedSides &both) :
        command_(command),
        sides_(both),
        annotation_(command.annotate, lost_),
        json_file_("json", command.json, OutputKind::lines),
        people_(command.annotate == "-" ? std::cerr : std::cout) {}

    int all(const std::vector<ComparedInput> &inputs) {
        print_sides();
        int status = exit_done;
        std::size_t run = 0;
        for (; run < inputs.size() && !interruption_.interrupted(); ++run) {
            const ComparedInput &input = inputs[run];
            try {
                status = std::max(status, one(input));
            } catch (const CaptureError &error) {
                progress_.clear();
                complain(error.what());
                status = std::max<int>(status, exit_unreadable);
            }
        }
        if (run != inputs.size())
            complain(fmt::format("interrupted: {} of {} inputs not compared, from '{}' on",
                                 inputs.size() - run, inputs.size(), inputs[run].name));
        annotation_.close();
        lost_.attempt([this] { json_file_.close(); });
        lost_.flush(people_);
        lost_.tell();
        interruption_.pass_on();
        return status;
    }

  private:
    bool json_only() const { return command_.json == "-"; }

    void print_sides() const {
        if (json_only()) return;
        for (std::size_t i = 0; i < side_count; ++i) {
            const auto &set = i == 0 ? command_.request.a : command_.request.b;
            people_ << fmt::format("{}: detector {}{}\n", i == 0 ? "a" : "b",
                                   sides_.hashes[i].substr(0, 12), set ? ", " + *set : "");
        }
    }

    /// Simulators of the options; those of the input before, emptied, where they are the same.
    void prepare(const ComparedInput &input) {
        for (std::size_t i = 0; i < side_count; ++i) {
            auto &simulator = simulators_[i];
            if (simulator && simulator->options() == input.options[i]) {
                simulator->reset();
                continue;
            }
            simulator.reset(); // its maps serve the next one
            simulator = std::make_unique<Simulator>(
                input.options[i], SimulatorSettings{.object_path = sides_.objects[i]});
        }
    }

    int one(const ComparedInput &input) {
        prepare(input);
        const ReplayOptions options{.report_sources = 0};
        std::array<Replay, side_count> replays{Replay{*simulators_[0], options},
                                               Replay{*simulators_[1], options}};
        const std::array<Replay *, side_count> fed{&replays.front(), &replays.back()};
        const unsigned prefix = input.options[0].ipv6_prefix;
        Comparison comparison{prefix, command_.report_frames};
        progress_.start({.label = input.name, .unit = "frames"});
        const std::string damage = play(
            input.frames, fed,
            [&](const CapturedFrame &frame, std::span<const FrameOutcome> outcomes) {
                comparison.observe(frame, outcomes[0], outcomes[1]);
                annotation_.frame(frame, outcomes, prefix);
                progress_.step();
                return !interruption_.interrupted();
            },
            annotation_.start(input.frames));
        progress_.clear();

        ComparisonReport report = comparison.report(replays[0].report(), replays[1].report());
        report.input = input.name;
        report.damage = interruption_.interrupted() ? "interrupted" : damage;
        print(report, input);
        if (!report.damage.empty()) {
            complain(fmt::format("{}: {}", input.name, report.damage));
            return exit_unreadable;
        }
        return report.differs() ? exit_failed : exit_done;
    }

    void print(const ComparisonReport &report, const ComparedInput &input) {
        const ComparedSide before{sides_.hashes[0], input.options[0]};
        const ComparedSide after{sides_.hashes[1], input.options[1]};
        if (json_only())
            write_comparison_json(std::cout, report, before, after);
        else
            people_ << comparison_text(report) << std::flush;
        if (!json_file_.is_open()) return;
        write_comparison_json(json_file_.stream(), report, before, after);
        json_file_.stream().flush();
    }

    const CompareCommand &command_;
    const ComparedSides &sides_;
    LostOutputs lost_;
    Annotation annotation_;
    OutputFile json_file_;
    std::ostream &people_;
    std::array<std::unique_ptr<Simulator>, side_count> simulators_{};
    Progress progress_;
    Interruption interruption_;
};

} // namespace

void setup_compare(CLI::App &app, int &exit_status) {
    CLI::App *const compare = app.add_subcommand(
        "compare", "two option sets or two objects: which frames and sources change");
    const auto command = std::make_shared<CompareCommand>();
    compare
        ->add_option("INPUT", command->request.inputs,
                     "captures, *.scenario.toml files and folders of scenarios")
        ->type_name("")
        ->required();
    compare
        ->add_option("--a", command->request.a, "options of the first side: max-ports=3,window=60s")
        ->type_name("OPTION=VALUE,...");
    compare->add_option("--b", command->request.b, "options of the second side")
        ->type_name("OPTION=VALUE,...");
    compare
        ->add_option("--object", command->request.objects,
                     "detector of the first side; given again, of the second, else the embedded "
                     "one")
        ->type_name("FILE")
        ->allow_extra_args(false);
    compare
        ->add_option("--filter", command->request.filter, "run only what this pcap filter matches")
        ->type_name("EXPRESSION");
    compare
        ->add_option("--report-frames", command->report_frames,
                     "changed frames in the JSON, of each input")
        ->type_name("N")
        ->check(CLI::Range(0, 10'000'000))
        ->default_str(fmt::to_string(command->report_frames));
    compare->add_flag("--json{-}", command->json,
                      "print a JSON object for each input, to standard output or with --json=FILE");
    compare
        ->add_option("--annotate", command->annotate,
                     "write the frames as pcapng, with a comment on what changes")
        ->type_name("FILE");
    add_detection_options(*compare, command->request.given);
    compare->callback([command, &exit_status] { exit_status = run_compare(*command); });
}

int run_compare(const CompareCommand &command) {
    const ComparedSides both{command.request};
    // Before any input is read. More programs are loaded later.
    drop_privileges(KeptCapabilities::loading);
    InputFiles files = option_files(command.request, both);
    const std::vector<ComparedInput> inputs = read_inputs(command.request, both, files);
    check_outputs({{"json", command.json}, {"annotate", command.annotate}}, files);
    return CompareRun{command, both}.all(inputs);
}

} // namespace portscan
