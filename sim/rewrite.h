// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/expectation.h"
#include "sim/mismatch.h"
#include "sim/source_text.h"

#include <string>
#include <vector>

namespace portscan {

/// How to make `expected` state `words` in the file. Quotes stay as they are; of an array only the
/// items that differ are touched, and comments between them stay.
Rewrite rewrite_value(const SourceText &source, const Expected &expected,
                      const std::vector<std::string> &words);

} // namespace portscan
