// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace portscan {

struct CommandResult {
    int status = -1; ///< exit status; -1: died by a signal
    std::string out, err;
};

enum class Rights : bool { kept, none };

/// Runs `xdp-portscan-sim` with these arguments and nothing on standard input. With Rights::none
/// it has no capability, whoever runs the test. `meanwhile` is called once it was started.
CommandResult run_command(const std::vector<std::string> &arguments, Rights rights = Rights::kept,
                          const std::function<void(pid_t)> &meanwhile = {});

/// The exit status where standard output is that file, and standard error nothing.
int run_command_into(const std::string &out, const std::vector<std::string> &arguments);

std::string read_file(const std::string &path);

} // namespace portscan
