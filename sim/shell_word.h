// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

namespace portscan {

/// The word as a POSIX shell reads it back.
std::string shell_word(const std::string &word);

/// A command line of these words.
std::string shell_words(const std::vector<std::string> &words);

} // namespace portscan
