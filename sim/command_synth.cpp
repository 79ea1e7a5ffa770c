// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/command_synth.h"

#include "sim/capture.h"
#include "sim/progress.h"
#include "sim/scenario_traffic.h"

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

std::unique_ptr<FrameSource> open_frames(const SynthCommand &command) {
    if (!command.scenario.empty()) {
        if (command.traffic_given)
            throw TrafficError("synth takes a scenario or --kind with its options, not both");
        return open_scenario_traffic(command.scenario);
    }
    if (command.traffic.kind.empty())
        throw TrafficError("synth needs a scenario or --kind KIND (see --help)");
    return open_traffic(command.traffic);
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
    const auto frames = open_frames(command);
    CaptureWriter capture = CaptureWriter::create(command.output);
    Progress progress;
    progress.start({.label = command.output, .total = 0});
    std::uint64_t count = 0;
    std::uint64_t last_ns = 0;
    for (; const auto frame = frames->next(); ++count) {
        capture.write(frame->time_ns, frame->bytes);
        last_ns = frame->time_ns;
        progress.step();
    }
    capture.close();
    progress.clear();
    fmt::print(stderr, "{} packets up to {:.6f} s, written to {}\n", count,
               static_cast<double>(last_ns) / 1e9,
               command.output == "-" ? "standard output" : command.output);
    return 0;
}

} // namespace portscan
