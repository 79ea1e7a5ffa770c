// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/case_result.h"

#include <iosfwd>
#include <string_view>

namespace portscan {

/// Value of `schema`; changes when a field changes its meaning or goes.
inline constexpr std::string_view case_schema = "xdp-portscan-sim/test/1";

/// Writes one line: an object with `schema`, `file`, `title`, `passed`, `limitation`, `errors`,
/// `mismatches` [{`line`, `what`, `expected`, `got`, `frame` {`number`, `at`, `packet`, `outcome`,
/// `differs`}}], `command` and `seconds`. `frame` is null where none is known, `differs` false
/// where it is the last that counted; `at` is a string `"seconds.nanoseconds"`.
void write_json(std::ostream &out, const CaseResult &result);

} // namespace portscan
