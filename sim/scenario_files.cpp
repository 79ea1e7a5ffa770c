// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/scenario.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace portscan {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> scenarios_below(const fs::path &folder) {
    std::vector<std::string> files;
    for (const auto &entry : fs::recursive_directory_iterator{folder}) {
        const std::string path = entry.path().string();
        if (path.ends_with(".scenario.toml") && entry.is_regular_file()) files.push_back(path);
    }
    std::sort(files.begin(), files.end());
    return files;
}

} // namespace

std::vector<std::string> find_scenarios(const std::vector<std::string> &paths) {
    std::vector<std::string> files;
    for (const std::string &path : paths) {
        if (!fs::is_directory(path)) {
            if (!fs::exists(path)) {
                throw std::runtime_error{fmt::format(
                    "{}: no such file or folder: name a scenario file or a folder of them",
                    path.empty() ? "''" : path)};
            }
            files.push_back(path);
            continue;
        }
        const auto below = scenarios_below(path);
        if (below.empty()) {
            throw std::runtime_error{fmt::format(
                "{}: no scenario found: its files are called NAME.scenario.toml", path)};
        }
        files.insert(files.end(), below.begin(), below.end());
    }
    return files;
}

} // namespace portscan
