// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace portscan {

/// Percentiles of single packets, in ns, the harness' floor included. All 0 without packets.
struct LatencyReport {
    std::uint64_t p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0;

    bool operator==(const LatencyReport &) const = default;
};

/// Counts durations in bounded memory: exact below 2048 ns, above that to one part in 1024.
class LatencyHistogram {
  public:
    void add(std::uint32_t duration_ns);
    void clear();
    /// Nearest-rank percentiles: the smallest duration that at least that share is not above.
    LatencyReport report() const;

  private:
    static constexpr unsigned precision_bits = 10;
    static constexpr std::size_t cells = (32 - precision_bits + 1) << precision_bits;

    static std::size_t cell_of(std::uint32_t duration_ns);
    static std::uint64_t highest_in(std::size_t cell);
    std::uint64_t percentile(std::uint64_t per_mille) const;

    std::array<std::uint64_t, cells> counts_{};
    std::uint64_t total_ = 0;
    std::uint32_t max_ = 0;
};

} // namespace portscan
