// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace portscan {

/// One line on standard error, led by the name of the program. Control characters in it, which
/// can come from names of files, become blanks.
void complain(std::string_view message);
/// The same as a warning: nothing failed.
void warn(std::string_view message);

/// A name of a file, so that it cannot move the cursor: control characters become question marks.
std::string printable(std::string name);

} // namespace portscan
