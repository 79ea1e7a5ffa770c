// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace portscan {

/// Places times of the program's clock (CLOCK_MONOTONIC, ns) on the wall clock, as both stand at
/// one moment. CLOCK_MONOTONIC stands still while the host sleeps, and the wall clock is set now
/// and then: take a new one for each answer. A time before the last sleep shows later than it was.
class WallClock {
  public:
    /// The two clocks at the same moment, ns; `wall_ns` counts from 1970-01-01 UTC.
    WallClock(std::uint64_t monotonic_ns, std::uint64_t wall_ns) :
        monotonic_ns_{monotonic_ns},
        wall_ns_{wall_ns} {}
    static WallClock now();

    /// The moment on the program's clock.
    std::uint64_t monotonic_ns() const { return monotonic_ns_; }
    /// ns since 1970-01-01 UTC; a time before that is 0, beyond the year 2554 its end.
    std::uint64_t wall_ns(std::uint64_t time_ns) const;

    /// `2026-11-23 10:24:17 UTC`, in the zone of the process (TZ, /etc/localtime).
    std::string text(std::uint64_t time_ns) const;
    /// `2026-11-23 10:24:17 UTC (3m 20s ago)`, `... (in 57m)`, `... (now)`.
    std::string text_with_age(std::uint64_t time_ns) const;
    struct Parts {
        std::uint64_t seconds;     ///< since 1970-01-01 UTC
        std::uint64_t nanoseconds; ///< of that second
    };
    /// What json() consists of, for who writes many of them.
    Parts parts(std::uint64_t time_ns) const;
    /// `1795429457.000000001`: seconds since 1970-01-01 UTC, for strings in JSON.
    std::string json(std::uint64_t time_ns) const;

  private:
    std::uint64_t monotonic_ns_;
    std::uint64_t wall_ns_;
};

/// `3m 20s`: the largest unit and the next one, rounded down; `less than 1s`.
std::string format_age(std::uint64_t age_ns);

} // namespace portscan
