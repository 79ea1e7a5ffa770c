// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/bench_run.h"

#include <iosfwd>
#include <string_view>

namespace portscan {

/// Value of `schema`; changes when a field changes its meaning or goes.
inline constexpr std::string_view bench_schema = "xdp-portscan-sim/bench/1";

/// One line with one object, its fields as docs/bench.md has them.
void write_bench_json(std::ostream &out, const BenchReport &report);
/// A table for each number of sources.
void write_bench_table(std::ostream &out, const BenchReport &report);

} // namespace portscan
