// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string_view>

namespace portscan {

/// A character of a text in UTF-8.
struct Utf8Character {
    char32_t value = 0;     ///< Unicode code point, no surrogate
    std::size_t length = 0; ///< bytes; 0: what stands there is no UTF-8 (RFC 3629, section 4)
};

/// The first one of a text that is not empty.
Utf8Character first_character(std::string_view text);

/// Whether a terminal would do something rather than show it: control characters of ASCII and of
/// Unicode (C1), ends of lines, and what changes the direction of what follows (Unicode Standard
/// Annex 9).
bool moves_terminal(char32_t character);

} // namespace portscan
