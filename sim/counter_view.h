// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "bpf/portscan.h"
#include "loader/counters.h"
#include "loader/verdict.h"

#include <array>
#include <cstdint>
#include <optional>

namespace portscan {

/// What moved in pscan_stats from one packet to the next: how the harness learns the reason, which
/// BPF_PROG_TEST_RUN does not return.
class CounterView {
  public:
    /// A map made with StatsMap::mapped is read in place, another by system calls. Throws
    /// std::system_error.
    explicit CounterView(int map_fd);
    CounterView(CounterView &&other) noexcept;
    CounterView &operator=(CounterView &&other) noexcept;
    ~CounterView();

    /// The counters move for other reasons than a packet: forget what they were.
    void mark();

    struct Change {
        std::optional<Reason> reason{}; ///< nothing: no reason moved, or more than one
        bool inserted = false;
        bool evicted = false;
    };
    /// What moved since the last call or mark().
    Change take();

  private:
    /// The counters that are looked at: reasons, and what happened beside.
    static constexpr std::size_t first = PORTSCAN_FIRST_REASON, last = PORTSCAN_EVICTIONS;

    static constexpr std::size_t watched = last - first + 1;
    static_assert(watched <= 32, "a bit for each, in change_to()");

    Change change_to(const std::uint64_t *now);

    const std::uint64_t *mapped_ = nullptr; ///< nullptr: read by system calls
    CounterMap map_;
    std::array<std::uint64_t, watched> before_{};
};

} // namespace portscan
