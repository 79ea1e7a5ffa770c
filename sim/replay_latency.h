// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/latency.h"

#include <cstdint>
#include <vector>

namespace portscan {

/// Percentiles of single packets (nearest rank), in ns.
struct LatencyFigures {
    std::uint64_t p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0;
};

/// The same above a floor: below 0 where a packet was faster than that.
struct LatencyDifference {
    std::int64_t p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0;
};

/// What the packets of a capture cost, as the kernel measured each, its own overhead included.
struct LatencyReport {
    std::uint64_t p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0;
    std::vector<LatencyBar> histogram{};
    /// The floor: the empty program over some of the same frames, in the same run.
    LatencyFigures empty{};
    std::uint64_t empty_packets = 0;

    /// As `bench` reports it: less the empty program's median.
    LatencyDifference above_empty() const;
};

/// Durations of single packets of a capture, and of the empty program.
struct ReplayLatency {
    LatencyHistogram detector, empty;

    void merge(const ReplayLatency &other) {
        detector.merge(other.detector);
        empty.merge(other.empty);
    }
    LatencyReport report() const;
};

/// Which frames the empty program is run over, too: each of the first ones, so that small captures
/// have a floor, then so few that it takes no time.
class FloorSampling {
  public:
    /// Once for each frame that is run.
    bool due() { return ++frames_ <= all_up_to || frames_ % stride == 0; }

  private:
    static constexpr std::uint64_t all_up_to = 1'024;
    static constexpr std::uint64_t stride = 64;
    std::uint64_t frames_ = 0;
};

} // namespace portscan
