// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace portscan {

/// One line on standard error, led by the name of the program, as printable() shows it.
void complain(std::string_view message);
/// The same as a warning: nothing failed.
void warn(std::string_view message);

/// What comes from outside, as a name of a file, so that it can neither move the cursor nor reverse
/// what follows: a question mark for each control character of ASCII and Unicode, each mark of
/// direction, and each byte that is no UTF-8.
std::string printable(std::string_view text);

} // namespace portscan
