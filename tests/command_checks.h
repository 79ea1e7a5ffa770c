// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "tests/command_runner.h"

#include <chrono>
#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
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

/// Sends SIGINT once the process has a handler for it, as `SigCgt` of proc(5) shows.
inline void interrupt(pid_t process) {
    const std::string status = fmt::format("/proc/{}/status", process), key = "SigCgt:\t";
    for (unsigned i = 0; i < 1000; ++i) {
        const std::string text = read_file(status);
        const auto at = text.find(key);
        const std::uint64_t caught =
            at == std::string::npos ? 0
                                    : std::stoull(text.substr(at + key.size(), 16), nullptr, 16);
        if ((caught >> (SIGINT - 1) & 1) != 0) {
            EXPECT_EQ(kill(process, SIGINT), 0);
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    ADD_FAILURE() << "no handler for SIGINT";
    kill(process, SIGKILL);
}

} // namespace portscan
