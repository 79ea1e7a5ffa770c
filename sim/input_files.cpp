// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/input_files.h"

#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <variant>

namespace portscan {

bool is_same_file(const std::string &one, const std::string &other) {
    if (one.empty() || other.empty()) return false;
    if (one == other) return true;
    if (one == "-" || other == "-") return false;
    std::error_code absent;
    if (std::filesystem::equivalent(one, other, absent)) return true;
    const auto name = [&absent](const std::string &path) {
        return std::filesystem::weakly_canonical(std::filesystem::absolute(path), absent);
    };
    return absent && name(one) == name(other); // both are still to be created
}

namespace {

/// `replay - <FILE`: the file has no name then.
bool is_standard_input(const std::string &path) {
    struct stat input {
    }, output{};
    return fstat(STDIN_FILENO, &input) == 0 && S_ISREG(input.st_mode) &&
           stat(path.c_str(), &output) == 0 && input.st_dev == output.st_dev &&
           input.st_ino == output.st_ino;
}

} // namespace

void check_outputs(const std::vector<NamedOutput> &outputs, const InputFiles &inputs) {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        inputs.refuse_as_output(outputs[i].option, outputs[i].path);
        for (std::size_t j = 0; j < i; ++j) {
            if (!is_same_file(outputs[i].path, outputs[j].path)) continue;
            throw OptionError(fmt::format("{}: '{}' is taken by --{}: name another file",
                                          outputs[i].option, outputs[i].path, outputs[j].option));
        }
    }
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
        if (is_same_file(path, input) || (input == "-" && is_standard_input(path)))
            throw OptionError(fmt::format("{}: '{}' is {}: name another file", option, path, what));
}

} // namespace portscan
