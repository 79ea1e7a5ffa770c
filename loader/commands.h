// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "loader/pinned_state.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <stdexcept>
#include <string>

namespace portscan {

/// As docs/loader.md has them.
enum ExitStatus : int { done = 0, failed = 1, usage = 2, not_permitted = 3 };

/// A command cannot do what it was asked to; one line. Exit status 1.
class CommandError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Each adds a subcommand; when it was given, parsing runs it and sets the exit status. Running
/// throws OptionError for bad usage, CommandError, StateError, AttachError and BoundError where it
/// cannot be done, std::system_error where the kernel refuses.
/// `run` can be replaced by a newer binary, with the arguments of main().
void setup_run(CLI::App &app, int &exit_status, int argc, char **argv);
void setup_load(CLI::App &app, int &exit_status);
void setup_unload(CLI::App &app, int &exit_status);
void setup_status(CLI::App &app, int &exit_status);
void setup_list(CLI::App &app, int &exit_status);
void setup_unblock(CLI::App &app, int &exit_status);
void setup_block(CLI::App &app, int &exit_status);
void setup_allow(CLI::App &app, int &exit_status);
void setup_expire(CLI::App &app, int &exit_status);
void setup_confirm(CLI::App &app, int &exit_status);

/// Adds --pin-dir. `value` gets its default here.
void add_pin_dir(CLI::App &app, std::string &value);

/// An address or prefix of the command line. Throws OptionError.
Prefix parse_target(const std::string &text);

/// Name of an interface by its number; `#7` where there is none of it here, `` for 0.
std::string name_of_interface(unsigned ifindex);

/// Throws CommandError, naming the process that holds the pin directory.
InstanceLock take_lock(const PinDirectory &directory);

} // namespace portscan
