// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

namespace portscan {

/// An option or an argument of a command, as --help shows it.
struct CommandOption {
    std::vector<std::string> flags{}; ///< `-h`, `--help`; empty for an argument
    /// What it takes: `TIME`, `FILE`, or the words themselves, `auto|native|skb`. Empty for a
    /// switch; of an argument, its name.
    std::string value_name{};
    std::string default_text{};
    std::string help{}; ///< one line
    std::string group{};
    bool required = false;
    bool repeats = false; ///< an argument that may come several times
};

/// A command with its subcommands. That of the program is the root.
struct CommandTree {
    std::string name;
    std::string help{}; ///< one line
    std::vector<CommandOption> options{};
    std::vector<CommandOption> arguments{};
    std::vector<CommandTree> commands{};
};

} // namespace portscan
