// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"

#include <string_view>

namespace portscan {

/// `max-ports=5,window=30s,ignore-ports=80,443,dry-run`: detection options by name, a switch
/// without a value. What follows a comma without a name of an option goes on with the list before
/// it. Throws OptionError, which `side` leads.
OptionOverrides parse_option_set(std::string_view side, std::string_view text);

} // namespace portscan
