// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string_view>

namespace portscan {

/// The word of `known` that `word` was most likely meant to be; empty if none is near enough.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known);

} // namespace portscan
