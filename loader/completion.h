// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/command_tree.h"

#include <string>

namespace portscan {

// Shell completions: subcommands, options, and the values of those whose value is called FILE,
// CAPTURE or PATH (files), DIR (folders), IFACE (interfaces), or lists its words (`tcp|probes`).

/// To be sourced by bash, or put under /usr/share/bash-completion/completions/.
std::string bash_completion(const CommandTree &program);
/// To be put as `_PROGRAM` in a folder of zsh's fpath.
std::string zsh_completion(const CommandTree &program);
/// To be put under /usr/share/fish/vendor_completions.d/.
std::string fish_completion(const CommandTree &program);

} // namespace portscan
