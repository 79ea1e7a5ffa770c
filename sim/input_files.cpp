// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/input_files.h"

#include <filesystem>
#include <fmt/format.h>
#include <system_error>
#include <variant>

namespace portscan {

bool is_same_file(const std::string &one, const std::string &other) {
    if (one.empty() || other.empty()) return false;
    if (one == other) return true;
    if (one == "-" || other == "-") return false;
    std::error_code ignored; // one that is not there is no other one
    return std::filesystem::equivalent(one, other, ignored);
}

void InputFiles::add(const std::string &path, std::string_view what) {
    inputs_.push_back({path, what});
}

void InputFiles::add_captures(const std::vector<std::string> &paths) {
    for (const std::string &path : paths) add(path, "the capture itself");
}

void InputFiles::add_object(const std::string &path) {
    add(path, "the detector of --object");
}

void InputFiles::add_options(const OptionOverrides &given) {
    for (const auto &[name, value] : given.values)
        if (name == "allow-file") add(value, "an allow-file");
}

void InputFiles::add_scenario(const Scenario &scenario) {
    add(scenario.source.path(), "a scenario");
    if (const auto *const capture = std::get_if<CaptureInput>(&scenario.input))
        add_captures({capture->path});
    for (const ScenarioCase &one : scenario.cases) add_options(one.options);
}

void InputFiles::refuse_as_output(std::string_view option, const std::string &path) const {
    if (path == "-") return; // standard output, whatever is read from standard input
    for (const auto &[input, what] : inputs_)
        if (is_same_file(path, input))
            throw OptionError(fmt::format("{}: '{}' is {}: name another file", option, path, what));
}

} // namespace portscan
