// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/bench_measure.h"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace portscan {

struct BenchSettings {
    DetectorOptions options;
    std::string object_path; ///< empty: the embedded object
    std::vector<BenchLevel> levels;
    std::vector<std::string> only; ///< names of paths; empty: all
    BenchPlan plan;
    /// Called with the number of measurements, then before each with its path and level.
    std::function<void(std::size_t total)> start{};
    std::function<void(const std::string &path, const BenchLevel &level)> tick{};
};

struct BenchReport {
    std::string object_sha256; ///< hexadecimal
    std::string kernel;        ///< release, as `uname -r` has it
    std::string cpu;
    DetectorOptions options;
    BenchPlan plan;
    std::vector<PathCost> costs; ///< by level, in the order of bench_paths()
};

/// Measures on the calling thread, which it pins to a CPU, and a second one. Throws OptionError for
/// options under which paths cannot be told apart and for names of no path, BenchError where the
/// detector does not judge as it should, std::system_error where the kernel refuses.
BenchReport run_bench(const BenchSettings &settings);

} // namespace portscan
