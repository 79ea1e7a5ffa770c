// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/block_log.h"

#include <string_view>

namespace portscan {

/// One line on standard error, led by the name of the program. Control characters in it, which
/// can come from names of files, become blanks.
void complain(std::string_view message);

/// A line of the log, on standard error.
void log_line(std::string_view line);
/// A message for the log, in its format.
void log_message(LogFormat format, std::string_view message);

/// On standard output; finish_output() tells whether it got there.
void print_text(std::string_view text);
/// The same with an end of line.
void print_line(std::string_view line);

/// Throws std::system_error where something of the standard output was not written.
void finish_output();

} // namespace portscan
