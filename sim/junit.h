// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/case_result.h"

#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// The results as a JUnit XML document, as GitLab and GitHub's reporters read it: a suite for each
/// scenario file, a test case for each case, `failure` for a mismatch and `error` for what could
/// not be run. Results of one file follow one another.
std::string junit_document(const std::vector<CaseResult> &results);

/// The text as XML 1.0 character data: markup escaped, characters that XML cannot hold and bytes
/// that are not UTF-8 replaced by `?`.
std::string xml_escape(std::string_view text);

} // namespace portscan
