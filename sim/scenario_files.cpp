// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/scenario.h"

#include "loader/options.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace portscan {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> scenarios_below(const fs::path &folder) {
    std::vector<std::string> files;
    try {
        for (const auto &entry : fs::recursive_directory_iterator{folder}) {
            const std::string path = entry.path().string();
            if (path.ends_with(".scenario.toml") && entry.is_regular_file()) files.push_back(path);
        }
    } catch (const fs::filesystem_error &error) {
        throw OptionError{fmt::format("{}: {}", error.path1().string(), error.code().message())};
    }
    std::sort(files.begin(), files.end());
    return files;
}

} // namespace

std::vector<std::string> find_scenarios(const std::vector<std::string> &paths) {
    std::vector<std::string> files;
    for (const std::string &path : paths) {
        std::error_code error; // a name that is too long, a folder that is another's
        if (!fs::is_directory(path, error)) {
            if (!fs::exists(path, error))
                throw OptionError{fmt::format("{}: {}: name a scenario file or a folder of them",
                                              path.empty() ? "''" : path,
                                              error ? error.message() : "no such file or folder")};
            files.push_back(path);
            continue;
        }
        const auto below = scenarios_below(path);
        if (below.empty())
            throw OptionError{fmt::format(
                "{}: no scenario found: its files are called NAME.scenario.toml", path)};
        files.insert(files.end(), below.begin(), below.end());
    }
    return files;
}

std::vector<Scenario> load_scenarios(const std::vector<std::string> &paths) {
    std::vector<Scenario> scenarios;
    for (const std::string &path : find_scenarios(paths)) scenarios.push_back(load_scenario(path));
    return scenarios;
}

} // namespace portscan
