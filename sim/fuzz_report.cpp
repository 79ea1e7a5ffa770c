// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/fuzz_report.h"

#include "sim/capture.h"
#include "sim/dissect.h"
#include "sim/expectation_fields.h"
#include "sim/fuzz_text.h"
#include "sim/packet_text.h"
#include "sim/scenario_run.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

namespace portscan {
namespace {

using Kind = FuzzStep::Kind;

std::size_t count_frames(const FuzzTrace &trace, std::size_t steps) {
    return static_cast<std::size_t>(
        std::count_if(trace.begin(), trace.begin() + static_cast<std::ptrdiff_t>(steps),
                      [](const FuzzStep &step) { return step.kind == Kind::packet; }));
}

/// `!1.5s unblock 10.0.0.1`
std::string action_row(const FuzzStep &step) {
    std::string row = fmt::format(
        "!{} {}",
        format_duration(std::chrono::nanoseconds{static_cast<std::int64_t>(step.time_ns)}),
        fuzz_text(step.kind));
    if (step.kind == Kind::unblock || step.kind == Kind::block)
        row += " " + step.target.address.to_string();
    if (step.kind == Kind::allow || step.kind == Kind::disallow)
        row += " " + step.target.to_string();
    return row;
}

void write_capture(const FuzzTrace &trace, const std::string &path) {
    CaptureWriter capture = CaptureWriter::create(path);
    for (const FuzzStep &step : trace)
        if (step.kind == Kind::packet) capture.write(step.time_ns, step.frame);
    capture.close();
}

/// Every option that is not the default's; no expiry pass but those of the trace.
std::string detector_table(DetectorOptions options) {
    options.expire_interval = std::chrono::hours{24} * 100'000;
    const DetectorOptions defaults;
    std::string table = "[detector]\n";
    for (const OptionSpec &spec : option_specs()) {
        const std::string text = spec.get(options);
        if (text != spec.get(defaults)) table += fmt::format("{} = \"{}\"\n", spec.name, text);
    }
    return table;
}

/// What the model says of each frame, and what it counts.
std::string expectations(const FuzzFinding &finding, const FuzzSettings &settings) {
    Model model = settings.make_model(finding.round.options);
    std::string frames;
    std::size_t number = 0;
    for (const FuzzStep &step : finding.round.trace) {
        const auto outcome = play(model, step);
        if (!outcome) continue;
        frames += fmt::format("[[expect.frame]] # {}\nframes = \"{}\"\nverdict = \"{}\"\n"
                              "reason = \"{}\"\n",
                              summarize(step.frame, step.frame.size()), ++number,
                              to_string(outcome->verdict), to_string(outcome->reason));
    }
    const ModelCounters &counters = model.counters();
    return fmt::format("[expect]\nprobes = {}\ninserted = {}\nblocks = {}\nwould-drop = {}\n"
                       "evictions = 0\nevents-lost = 0\n{}",
                       counters.probes, counters.inserted, counters.blocks, counters.would_drop,
                       frames);
}

std::string scenario_text(const FuzzFinding &finding, const FuzzSettings &settings,
                          const std::string &capture) {
    std::string actions;
    for (const FuzzStep &step : finding.round.trace)
        if (step.kind != Kind::packet) actions += fmt::format("  {}\n", action_row(step));
    if (!actions.empty()) actions = fmt::format("actions = \"\"\"\n{}\"\"\"\n", actions);
    return fmt::format("# Found by xdp-portscan-sim fuzz --seed {}: the model differs.\n"
                       "# {}\n"
                       "title = \"fuzz, seed {}: {}\"\ncapture = \"{}\"\n{}{}{}",
                       settings.seed, summarize(finding), settings.seed, finding.difference.what,
                       std::filesystem::path{capture}.filename().string(), actions,
                       detector_table(finding.round.options), expectations(finding, settings));
}

bool fails(const std::string &scenario, const FuzzSettings &settings) {
    const RunSettings run{.simulator = {.object_path = settings.object_path}};
    const auto results = run_scenario(load_scenario(scenario), run);
    return std::ranges::any_of(results, [](const CaseResult &result) { return !result.passed(); });
}

} // namespace

std::string summarize(const FuzzFinding &finding) {
    const FuzzDifference &difference = finding.difference;
    const FuzzTrace &trace = finding.round.trace;
    const FuzzStep &step = trace.at(difference.step);
    const std::string where =
        step.kind != Kind::packet
            ? action_row(step)
            : fmt::format("frame {} of {} ({})", count_frames(trace, difference.step + 1),
                          count_frames(trace, trace.size()),
                          summarize(step.frame, step.frame.size()));
    const std::string who =
        difference.source ? fmt::format(" of {}", difference.source->to_string()) : "";
    return fmt::format("{}, {}{}: expected {}, got {}", where, difference.what, who,
                       difference.expected, difference.got);
}

void check_folder(const std::string &folder) {
    if (std::filesystem::is_directory(folder) && access(folder.c_str(), W_OK | X_OK) == 0) return;
    throw OptionError(
        fmt::format("write-to: '{}' is no folder that can be written to: make it first", folder));
}

FuzzFiles write_files(const FuzzFinding &finding, const FuzzSettings &settings,
                      const std::string &folder) {
    const std::string base =
        (std::filesystem::path{folder} / fmt::format("fuzz-{}", settings.seed)).string();
    FuzzFiles files{.capture = base + ".pcap",
                    .scenario = base + ".scenario.toml",
                    .frames = count_frames(finding.round.trace, finding.round.trace.size())};
    write_capture(finding.round.trace, files.capture);
    std::ofstream out{files.scenario, std::ios::binary | std::ios::trunc};
    out << scenario_text(finding, settings, files.capture);
    out.close();
    if (!out)
        throw std::runtime_error(
            fmt::format("'{}' could not be written whole: is the disk full?", files.scenario));
    files.scenario_fails = fails(files.scenario, settings);
    return files;
}

} // namespace portscan
