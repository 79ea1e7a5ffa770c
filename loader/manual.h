// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/command_tree.h"
#include "loader/manual_page.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace portscan {

/// What --help shows, as data: manual page and completions are written from it. Hidden options and
/// commands (of an empty group) are left out.
CommandTree command_tree(const CLI::App &app);

/// Adds the hidden option `--generate man|bash|zsh|fish`, which prints the manual page or the
/// completion of that shell in place of running anything: it ends parsing as --version does. `app`
/// has its name and, by the time of parsing, all its commands.
void add_generate_option(CLI::App &app, const ManualFacts &facts);

} // namespace portscan
