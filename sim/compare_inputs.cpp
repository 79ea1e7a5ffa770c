// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/compare_inputs.h"

#include "loader/detector.h"
#include "loader/digest.h"
#include "sim/option_set.h"

#include <filesystem>
#include <fmt/format.h>

namespace portscan {
namespace {

DetectorOptions layered(const CompareRequest &request, const OptionOverrides &scenario,
                        const OptionOverrides &side) {
    DetectorOptions options;
    request.given.apply(options);
    scenario.apply(options);
    side.apply(options);
    validate(options);
    return options;
}

/// The cases of a scenario file, each under its own options.
void add_scenario(std::vector<ComparedInput> &inputs, const std::string &path,
                  const CompareRequest &request, const ComparedSides &sides, InputFiles &files) {
    const Scenario scenario = load_scenario(path, ScenarioUse::frames);
    files.add_scenario(scenario);
    for (const ScenarioCase &one : scenario.cases) {
        ComparedInput input{.name = one.title.empty() ? path : path + ": " + one.title,
                            .frames = scenario.input,
                            .options = {}};
        for (std::size_t i = 0; i < side_count; ++i) {
            try {
                input.options[i] = layered(request, one.options, sides.options[i]);
            } catch (const OptionError &error) {
                throw OptionError(fmt::format("{}:{}: {}", path, one.line, error.what()));
            }
        }
        inputs.push_back(std::move(input));
    }
}

bool is_scenario(const std::string &path) {
    std::error_code absent;
    return path.ends_with(".scenario.toml") || std::filesystem::is_directory(path, absent);
}

} // namespace

ComparedSides::ComparedSides(const CompareRequest &request) {
    if (request.a) options[0] = parse_option_set("a", *request.a);
    if (request.b) options[1] = parse_option_set("b", *request.b);
    if (request.objects.size() > side_count)
        throw OptionError("object: is there more than twice: give the old one and the new one");
    for (std::size_t i = 0; i < request.objects.size(); ++i) objects[i] = request.objects[i];
    for (std::size_t i = 0; i < side_count; ++i) hashes[i] = sha256_hex(read_object(objects[i]));
    const bool same_options = layered(request, {}, options[0]) == layered(request, {}, options[1]);
    if (same_options && hashes[0] == hashes[1])
        throw OptionError("nothing to compare, both sides are the same: give --a and --b, or an "
                          "--object or two");
}

std::vector<ComparedInput> read_inputs(const CompareRequest &request, const ComparedSides &sides,
                                       InputFiles &files) {
    std::vector<ComparedInput> inputs;
    for (const std::string &path : request.inputs) {
        if (!is_scenario(path)) {
            files.add_captures({path});
            inputs.push_back({.name = path,
                              .frames = CaptureInput{.path = path, .filter = request.filter},
                              .options = {layered(request, {}, sides.options[0]),
                                          layered(request, {}, sides.options[1])}});
            continue;
        }
        for (const std::string &one : find_scenarios({path}))
            add_scenario(inputs, one, request, sides, files);
    }
    return inputs;
}

} // namespace portscan
