// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/bench_run.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// What an earlier `bench --json` found, as ratios to the empty program: those of one machine are
/// near those of another, times are not.
struct BenchBaseline {
    struct Entry {
        std::string path;
        std::string level; ///< BenchLevel::name()
        std::optional<double> steady, single;
    };
    std::vector<Entry> entries;
};

/// Reads what write_bench_json() wrote. Throws OptionError, a line that names `file`, where it
/// cannot be read or is something else.
BenchBaseline read_bench_baseline(const std::string &file);
/// The same from a text.
BenchBaseline parse_bench_baseline(std::string_view json, const std::string &file);

/// A path then and now: what one packet costs, floor included, to what the floor costs. That of
/// steady packets, and where there are none, of the median single packet in warm caches.
struct BenchChange {
    std::string path;
    std::string level;
    double before = 0;
    double now = 0;
    bool slower = false; ///< by more than the tolerance and the noise
};

/// Every path that both have measured. `tolerance`: part of the ratio, 0.25 for a quarter.
std::vector<BenchChange> compare_bench(const BenchReport &report, const BenchBaseline &baseline,
                                       double tolerance);

} // namespace portscan
