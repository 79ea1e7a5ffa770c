// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/command_synth.h"

#include "sim/capture.h"
#include "sim/console.h"
#include "sim/exit_status.h"
#include "sim/input_files.h"
#include "sim/interruption.h"
#include "sim/lost_outputs.h"
#include "sim/progress.h"
#include "sim/scenario.h"
#include "sim/scenario_play.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <fmt/format.h>
#include <memory>

namespace portscan {
namespace {

constexpr const char *traffic_group = "Traffic";

void add_traffic_keys(CLI::App &app, SynthCommand &command) {
    for (const TrafficKey &key : traffic_keys()) {
        const auto set = [&command, &key](const std::string &value) {
            key.set(command.traffic, value);
            command.traffic_given = true;
        };
        app.add_option_function<std::string>("--" + std::string{key.name}, set,
                                             std::string{key.help})
            ->type_name(std::string{key.value_name})
            ->group(key.alias ? "" : traffic_group);
    }
}

std::string kinds_for_people() {
    std::string text = "Kinds:\n";
    for (const TrafficKindInfo &kind : traffic_kinds())
        text += fmt::format("  {:<15}{}\n", kind.name, kind.help);
    return text;
}

/// What is to be written. Refuses what synth cannot write before it creates a file.
ScenarioInput input_of(const SynthCommand &command) {
    InputFiles inputs;
    inputs.add(command.scenario, "a scenario");
    inputs.refuse_as_output("write", command.output);
    inputs.refuse_as_standard_output();
    if (command.scenario.empty()) {
        if (!command.traffic_given) throw OptionError("synth needs a scenario or --kind KIND");
        validate(command.traffic);
        return std::vector{command.traffic};
    }
    if (command.traffic_given)
        throw OptionError("synth takes a scenario or --kind with its options, not both");
    ScenarioInput input = load_scenario(command.scenario, ScenarioUse::frames).input;
    if (std::holds_alternative<CaptureInput>(input))
        throw OptionError(
            fmt::format("{} runs a capture: there is nothing to synthesize", command.scenario));
    return input;
}

/// False where a signal came first: there is no capture then, and what the file held before stays.
bool write_capture(const ScenarioInput &input, const std::string &path,
                   const Interruption &interruption) {
    const auto frames = open_frames(input);
    CaptureWriter capture = CaptureWriter::create(path);
    Progress progress;
    progress.start({.label = path});
    LostOutputs lost;
    std::uint64_t count = 0;
    std::uint64_t last_ns = 0;
    for (; const auto frame = frames->next(); ++count) {
        if (interruption.interrupted()) {
            progress.clear();
            complain(fmt::format("interrupted after {} packets{}", count,
                                 path == "-" ? "" : ": there is no capture"));
            return false;
        }
        lost.attempt([&] { capture.write(frame->time_ns, frame->bytes); });
        lost.tell();
        last_ns = frame->time_ns;
        progress.step();
    }
    lost.attempt([&] { capture.close(); });
    lost.tell();
    progress.clear();
    fmt::print(stderr, "{} packet{} up to {:.6f} s, written to {}\n", count, count == 1 ? "" : "s",
               static_cast<double>(last_ns) / 1e9,
               path == "-" ? "standard output" : printable(path));
    return true;
}

} // namespace

void setup_synth(CLI::App &app, int &exit_status) {
    CLI::App *const synth = app.add_subcommand("synth", "write synthesized traffic as a capture");
    const auto command = std::make_shared<SynthCommand>();
    synth->add_option("SCENARIO", command->scenario, "the packets or traffic of this scenario")
        ->type_name("");
    synth->add_option("-w,--write", command->output, "the capture to write; - for standard output")
        ->type_name("FILE")
        ->required();
    add_traffic_keys(*synth, *command);
    synth->footer(kinds_for_people());
    synth->callback([command, &exit_status] { exit_status = run_synth(*command); });
}

int run_synth(const SynthCommand &command) {
    try {
        const ScenarioInput input = input_of(command);
        const Interruption interruption;
        if (!write_capture(input, command.output, interruption)) interruption.pass_on();
    } catch (const ScenarioError &error) {
        for (const std::string &line : error.lines()) complain(line);
        return exit_unreadable;
    }
    return exit_done;
}

} // namespace portscan
