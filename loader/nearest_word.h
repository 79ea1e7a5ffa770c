// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// The word among `known` that `word` was most likely meant to be; empty if none is near enough.
std::string_view nearest_word(std::string_view word, const std::vector<std::string> &known);

} // namespace portscan
