// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/bench_stage.h"
#include "sim/latency.h"
#include "sim/paced_rounds.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace portscan {

/// A median of rounds, and its noise: half of the rounds lie no further from it.
struct BenchFigure {
    double value = 0;
    double noise = 0;
};

/// One packet of a million alike, everything in the caches. In ns.
struct SteadyCost {
    BenchFigure above; ///< the empty program
    BenchFigure empty; ///< the empty program itself, with what a test run costs
    std::optional<PacedQuarters> quarters{}; ///< on one CPU

    /// Cost of path and floor together to that of the floor.
    double ratio() const { return (empty.value + above.value) / empty.value; }
};

/// Single packets, in ns. All but `empty` is above the empty program's median.
struct SingleCost {
    std::uint64_t samples = 0;
    BenchFigure p50, p90, p99, p999, max;
    struct Empty {
        double p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0;
    } empty; ///< the empty program over the same frames
    struct Bar {
        double up_to = 0;
        std::uint64_t count = 0;
    };
    std::vector<Bar> histogram;

    double ratio() const { return (empty.p50 + p50.value) / empty.p50; }
};

/// What a path costs with so many sources registered.
struct PathCost {
    std::string path;
    BenchLevel level;
    Verdict verdict = Verdict::pass;
    Reason reason = Reason::fault;
    BenchFigure cycle_ns;                 ///< CpuPace, while the path was measured
    BenchFigure additions_per_cycle;      ///< the same
    std::optional<SteadyCost> steady;     ///< of packets that change nothing
    std::optional<SteadyCost> steady_two; ///< the same packet on two CPUs at once
    std::optional<SingleCost> warm;       ///< the caches know the source
    std::optional<SingleCost> cold;       ///< sources in random order
    std::optional<SingleCost> cold_two;   ///< of those that change something, on two CPUs at once
};

struct BenchPlan {
    std::uint32_t repeat = 4'000'000; ///< packets behind a round of a steady cost
    unsigned rounds = 7;              ///< of steady costs, 3 or more
    std::uint32_t samples = 20'000;   ///< single packets behind a distribution, 100 or more
    bool two_cpus = true;
};

/// Measures on the calling thread, which should be pinned. Throws BenchError where a packet was
/// not judged as the path says.
PathCost measure_path(BenchStage &stage, const BenchPath &path, const BenchPlan &plan);

} // namespace portscan
