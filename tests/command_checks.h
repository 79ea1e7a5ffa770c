// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "tests/command_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace portscan {

/// The objects that a command printed, one a line; it has to have ended with `status`.
inline std::vector<nlohmann::json> json_lines(const CommandResult &result, int status) {
    EXPECT_EQ(result.status, status) << result.err;
    std::vector<nlohmann::json> objects;
    std::istringstream lines{result.out};
    for (std::string line; std::getline(lines, line);)
        objects.push_back(nlohmann::json::parse(line));
    return objects;
}

/// Standard error of a command that ended with `status`: one line, led by the program's name.
inline std::string one_complaint(const CommandResult &result, int status) {
    EXPECT_EQ(result.status, status) << result.err;
    EXPECT_THAT(result.err, ::testing::StartsWith("xdp-portscan-sim: "));
    EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << result.err;
    return result.err;
}

} // namespace portscan
