// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"
#include "sim/comparison.h"

#include <iosfwd>
#include <string>
#include <string_view>

namespace portscan {

/// Value of `schema`; changes when a field changes its meaning or goes.
inline constexpr std::string_view compare_schema = "xdp-portscan-sim/compare/1";

/// What one side of a comparison ran.
struct ComparedSide {
    std::string object_sha256;
    DetectorOptions options;
};

/// Writes one line: the object of one capture or case (docs/compare.md).
void write_comparison_json(std::ostream &out, const ComparisonReport &report,
                           const ComparedSide &before, const ComparedSide &after);

/// The same for people, in lines.
std::string comparison_text(const ComparisonReport &report);

} // namespace portscan
