// SPDX-License-Identifier: GPL-2.0-or-later
// registry-alternatives: the designs that the registry could have, measured side by side.
#include "sim/bench/registry/report.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fmt/format.h>

namespace {

using namespace portscan::bench;

struct Options {
    Plan plan;
    unsigned rounds = 5;
    std::string object_path;
    std::string only;
    bool paths_only = false;
};

void setup_options(CLI::App &app, Options &options) {
    app.add_option("--rounds", options.rounds, "How often everything is measured, in turn")
        ->check(CLI::Range(1, 1'000))
        ->capture_default_str();
    app.add_option("--repeat", options.plan.repeat, "Runs behind a steady cost")
        ->check(CLI::Range(1'000'000, 1'000'000'000))
        ->capture_default_str();
    app.add_option("--object", options.object_path,
                   "Detector object to measure instead of the built one")
        ->check(CLI::ExistingFile);
    app.add_option("--only", options.only, "Only registries whose name contains this");
    app.add_flag("--paths-only", options.paths_only, "Only the paths of the detector");
}

void measure_paths_only(const Options &options, std::vector<PathFigures> &paths) {
    for (unsigned round = 0; round < options.rounds; ++round)
        measure_paths(options.object_path, options.plan, paths);
}

/// Registries in turn, so that a bad minute of the machine hurts them all alike.
std::vector<CandidateReport> measure_candidates(const Options &options,
                                                std::vector<PathFigures> &paths) {
    std::vector<CandidateReport> reports;
    for (auto &candidate : candidates(options.object_path))
        if (candidate.name.find(options.only) != std::string::npos)
            reports.push_back({.candidate = std::move(candidate)});
    for (unsigned round = 0; round < options.rounds; ++round) {
        for (auto &report : reports) {
            fmt::print(stderr, "round {} of {}: {}\n", round + 1, options.rounds,
                       report.candidate.name);
            measure_registry(report.candidate, options.plan, report.figures);
        }
        measure_paths(options.object_path, options.plan, paths);
    }
    for (auto &report : reports) {
        fmt::print(stderr, "requirements: {}\n", report.candidate.name);
        report.requirements = check_requirements(report.candidate, options.plan.sizes);
    }
    return reports;
}

void run(const Options &options) {
    std::vector<PathFigures> paths;
    fmt::print("{}; ns above the empty program, median of {} rounds\n\n", machine_line(),
               options.rounds);
    if (options.paths_only) {
        measure_paths_only(options, paths);
        fmt::print("{}", path_table(paths));
        return;
    }
    const auto reports = measure_candidates(options, paths);
    fmt::print("{}\n{}\n{}\n{}", cost_table(reports), insertion_table(reports),
               requirements_table(reports, options.plan.sizes), path_table(paths));
}

} // namespace

int main(int argc, char **argv) {
    try {
        CLI::App app{"Measures designs of the registry against each other, in the kernel."};
        Options options;
        setup_options(app, options);
        CLI11_PARSE(app, argc, argv);
        run(options);
        return 0;
    } catch (const std::exception &error) {
        fmt::print(stderr, "registry-alternatives: {}\n", error.what());
        return 3;
    }
}
