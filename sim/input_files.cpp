// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/input_files.h"

#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <variant>

namespace portscan {

namespace {

/// Where a path leads, links to nothing included. One that goes in circles, or where nobody may
/// look, stays as it is.
std::filesystem::path target_of(const std::string &path) {
    constexpr int most_links = 40; // as the kernel has it: include/linux/namei.h, MAXSYMLINKS
    std::error_code absent;
    std::filesystem::path target = std::filesystem::absolute(path, absent);
    for (int links = 0; links < most_links && std::filesystem::is_symlink(target, absent); ++links)
        target = target.parent_path() / std::filesystem::read_symlink(target, absent);
    const std::filesystem::path canonical = std::filesystem::weakly_canonical(target, absent);
    return absent ? target.lexically_normal() : canonical;
}

} // namespace

bool is_same_file(const std::string &one, const std::string &other) {
    if (one.empty() || other.empty()) return false;
    if (one == other) return true;
    if (one == "-" || other == "-") return false;
    std::error_code absent;
    if (std::filesystem::equivalent(one, other, absent)) return true;
    return absent && target_of(one) == target_of(other); // both are still to be created
}

namespace {

/// Whether the stream comes from or goes to what the path names, `-` being standard input:
/// `replay - <FILE`, `replay >FILE`.
bool leads_to(int stream, const std::string &path) {
    struct stat redirected {
    }, named{};
    const int failure = path == "-" ? fstat(STDIN_FILENO, &named) : stat(path.c_str(), &named);
    return failure == 0 && fstat(stream, &redirected) == 0 && redirected.st_dev == named.st_dev &&
           redirected.st_ino == named.st_ino;
}

bool is_file(int stream) {
    struct stat status {};
    return fstat(stream, &status) == 0 && S_ISREG(status.st_mode);
}

/// No device: people tell a table from JSON on a terminal, and /dev/null keeps neither.
bool is_pipe(int stream) {
    struct stat status {};
    return fstat(stream, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

/// The table goes there, too.
void refuse_pipe_of_standard_output(const NamedOutput &output) {
    if (is_pipe(STDOUT_FILENO) && output.path != "-" && leads_to(STDOUT_FILENO, output.path))
        throw OptionError(
            fmt::format("{}: '{}' is standard output, where the table goes: give '-', "
                        "or name a file",
                        output.option, output.path));
}

} // namespace

void check_outputs(const std::vector<NamedOutput> &outputs, const InputFiles &inputs) {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        inputs.refuse_as_output(outputs[i].option, outputs[i].path);
        refuse_pipe_of_standard_output(outputs[i]);
        for (std::size_t j = 0; j < i; ++j) {
            if (!is_same_file(outputs[i].path, outputs[j].path)) continue;
            throw OptionError(fmt::format("{}: '{}' is taken by --{}: name another file",
                                          outputs[i].option, outputs[i].path, outputs[j].option));
        }
    }
    inputs.refuse_as_standard_output();
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
        if (is_same_file(path, input) || (input == "-" && leads_to(STDIN_FILENO, path)))
            throw OptionError(fmt::format("{}: '{}' is {}: name another file", option, path, what));
    if (is_file(STDERR_FILENO) && leads_to(STDERR_FILENO, path))
        throw OptionError(
            fmt::format("{}: '{}' is where messages go: name another file", option, path));
    if (is_file(STDOUT_FILENO) && leads_to(STDOUT_FILENO, path))
        throw OptionError(
            fmt::format("{}: '{}' is where standard output goes: name another file", option, path));
}

void InputFiles::refuse_as_standard_output() const {
    if (!is_file(STDOUT_FILENO)) return;
    for (const auto &[input, what] : inputs_)
        if (leads_to(STDOUT_FILENO, input))
            throw OptionError(
                fmt::format("standard output goes into {}, which is {}: name another file",
                            input == "-" ? "standard input" : "'" + input + "'", what));
}

} // namespace portscan
