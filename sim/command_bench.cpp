// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/command_bench.h"

#include "loader/option_flags.h"
#include "sim/bench_baseline.h"
#include "sim/bench_report.h"
#include "sim/console.h"
#include "sim/exit_status.h"
#include "sim/input_files.h"
#include "sim/output_file.h"
#include "sim/privileges.h"
#include "sim/progress.h"

#include <CLI/Validators.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace portscan {
namespace {

constexpr std::uint32_t least_sources = 1'000;
constexpr std::uint32_t most_sources = 100'000'000;

/// Records are to last as long as measuring takes.
constexpr std::chrono::hours window{24};

BenchLevel parse_level(const std::string &text) {
    if (text == "full") return {};
    std::uint32_t sources = 0;
    const auto *const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, sources);
    if (error != std::errc{} || rest != end || sources < least_sources || sources > most_sources)
        throw OptionError(fmt::format("sources: '{}' is neither {} to {} nor full", text,
                                      least_sources, most_sources));
    return {sources};
}

void print_changes(std::ostream &out, const std::vector<BenchChange> &changes) {
    out << "\nratio to the empty program, before and now\n";
    for (const BenchChange &change : changes)
        out << fmt::format("{:<27} {:>10} {:>8.2f} {:>8.2f}{}\n", change.path, change.level,
                           change.before, change.now, change.slower ? "  slower" : "");
}

/// One line for each path that got slower; whether there is none.
bool judge(const std::vector<BenchChange> &changes, const BenchCommand &command) {
    for (const BenchChange &change : changes)
        if (change.slower)
            complain(
                fmt::format("{}, {} sources: {:.2f} times the empty program, {:.2f} in {}: run "
                            "it again on a quiet machine; if it stays, make it faster, or "
                            "accept it by --json={}",
                            change.path, change.level, change.now, change.before, command.baseline,
                            command.baseline));
    return std::none_of(changes.begin(), changes.end(),
                        [](const BenchChange &change) { return change.slower; });
}

/// What a test can wait for: the order of the costs, not their digits.
void make_quick(BenchSettings &settings) {
    settings.plan = {.repeat = 200'000, .rounds = 3, .samples = 500};
    settings.levels = {{1'000}, {}};
    settings.options.max_sources = 16'384;
    settings.options.max_sources6 = 16'384;
}

struct GivenPlan {
    bool quick = false;
    std::vector<std::string> sources{};
    std::optional<std::uint32_t> repeat{}, samples{};
    std::optional<unsigned> rounds{};
};

/// What was given goes before what --quick means.
void settle(BenchCommand &command, const GivenPlan &given) {
    BenchSettings &settings = command.settings;
    settings.options.window = window;
    settings.levels = {{1'000}, {100'000}, {1'000'000}, {}};
    if (given.quick) make_quick(settings);
    command.options.apply(settings.options);
    validate(settings.options);
    if (!given.sources.empty()) settings.levels.clear();
    for (const std::string &text : given.sources) settings.levels.push_back(parse_level(text));
    settings.plan.repeat = given.repeat.value_or(settings.plan.repeat);
    settings.plan.samples = given.samples.value_or(settings.plan.samples);
    settings.plan.rounds = given.rounds.value_or(settings.plan.rounds);
}

void add_plan_options(CLI::App &bench, GivenPlan &given) {
    bench.add_flag("--quick", given.quick, "seconds instead of minutes, and coarse figures");
    bench
        .add_option("--sources", given.sources,
                    "registered sources of each family, half of them blocked: numbers, and full "
                    "(default 1000,100000,1000000,full)")
        ->type_name("N,...")
        ->delimiter(',');
    bench
        .add_option("--repeat", given.repeat,
                    "packets behind a round of a steady cost (default 4000000)")
        ->type_name("N")
        ->check(CLI::Range(10'000U, 1'000'000'000U));
    bench.add_option("--rounds", given.rounds, "rounds of a steady cost (default 7)")
        ->type_name("N")
        ->check(CLI::Range(3U, 1'000U));
    bench
        .add_option("--samples", given.samples,
                    "single packets behind a distribution (default 20000)")
        ->type_name("N")
        ->check(CLI::Range(100U, 10'000'000U));
}

} // namespace

int run_bench(const BenchCommand &command, std::ostream &out) {
    drop_privileges(KeptCapabilities::loading); // each group of paths loads a detector
    BenchBaseline baseline;
    if (!command.baseline.empty()) baseline = read_bench_baseline(command.baseline);
    const bool json_only = command.json == "-";
    InputFiles inputs; // the baseline has been read, and may be renewed
    inputs.add_object(command.settings.object_path);
    inputs.add_options(command.options);
    check_outputs({{"json", command.json}}, inputs);
    OutputFile json{"json", command.json};

    BenchSettings settings = command.settings;
    Progress progress;
    settings.start = [&](std::size_t total) { progress.start({.unit = "paths", .total = total}); };
    settings.tick = [&](const std::string &, const BenchLevel &) { progress.step(); };
    const BenchReport report = run_bench(settings);
    progress.clear();

    if (json_only || json.is_open()) write_bench_json(json_only ? out : json.stream(), report);
    if (!json_only) write_bench_table(out, report);
    json.close();
    if (command.baseline.empty()) return exit_done;
    const auto changes = compare_bench(report, baseline, command.tolerance / 100);
    if (changes.empty())
        throw OptionError(fmt::format("baseline: '{}' has none of the paths that were measured",
                                      command.baseline));
    if (!json_only) print_changes(out, changes);
    return judge(changes, command) ? exit_done : exit_failed;
}

void setup_bench(CLI::App &app, int &exit_status) {
    CLI::App *const bench = app.add_subcommand(
        "bench", "what a packet costs on every path through the program, above an empty one");
    const auto command = std::make_shared<BenchCommand>();
    const auto given = std::make_shared<GivenPlan>();
    bench
        ->add_option("--only", command->settings.only,
                     "only the paths of these names, with commas between; repeatable")
        ->type_name("PATH")
        ->delimiter(',');
    add_plan_options(*bench, *given);
    bench
        ->add_option(
            "--baseline", command->baseline,
            "compare with what an earlier bench --json wrote, fail where a path got slower")
        ->type_name("FILE");
    bench
        ->add_option("--tolerance", command->tolerance,
                     "by how much a path's ratio to the empty program may grow")
        ->type_name("PERCENT")
        ->check(CLI::Range(0.0, 10'000.0))
        ->capture_default_str();
    bench->add_flag("--json{-}", command->json,
                    "print a JSON object in place of the table, or with --json=FILE beside it");
    bench
        ->add_option("--object", command->settings.object_path,
                     "measure this detector, not the embedded one")
        ->type_name("FILE");
    add_detection_options(*bench, command->options);
    bench->footer("--window is 24h unless given: records have to last.");
    bench->callback([command, given, &exit_status] {
        settle(*command, *given);
        exit_status = run_bench(*command, std::cout);
    });
}

} // namespace portscan
