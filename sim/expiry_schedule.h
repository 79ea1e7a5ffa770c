// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/expirer.h"
#include "loader/options.h"

#include <array>
#include <cstdint>
#include <optional>

namespace portscan {

/// When the loader's expirer runs in captured time: every `--expire-interval` from the start on.
///
/// Passes that nobody could tell from none are left out, so that a capture that spans a day
/// replays in the time its packets take. Those are the passes
///  - of which another follows before the next packet: only the last one is run;
///  - that find nothing to free, by what the pass before said and by what came since;
///  - that come while the registry is far from its bounds. Expiry never decides, it makes room,
///    and room is short only where records could be evicted or blocks refused.
/// All times are the program's clock in ns and never run backwards.
class ExpirySchedule {
  public:
    explicit ExpirySchedule(const DetectorOptions &options);

    /// The first packet's time; passes are due from one interval later on.
    void start(std::uint64_t now_ns) { next_ns_ = add(now_ns, interval_ns_); }
    /// False: due() has no pass for a packet at `now_ns`. Asked for each of them.
    bool may_be_due(std::uint64_t now_ns) const { return now_ns >= next_ns_ || pending_ns_; }
    /// Time of the pass that has to run before a packet at `now_ns`; at most that.
    std::optional<std::uint64_t> due(std::uint64_t now_ns) {
        if (!may_be_due(now_ns)) return std::nullopt;
        return pass_before(now_ns);
    }
    /// A pass was run, by schedule or by hand.
    void ran(const ExpiryReport &report) { earliest_ns_ = report.next_due_ns; }

    /// The program made a record: of a new source, or of an old one that starts afresh.
    void inserted(bool ipv6, std::uint64_t now_ns) {
        ++families_[ipv6].inserted;
        written(now_ns);
    }
    /// A source became blocked.
    void blocked(bool ipv6, std::uint64_t now_ns) {
        ++families_[ipv6].blocked;
        written(now_ns);
    }

  private:
    struct Family {
        std::uint64_t inserted = 0, blocked = 0;
        /// An unblocked record survives so many later insertions.
        std::uint64_t safe_insertions = 0;
        std::uint64_t blocked_limit = 0;

        bool near_bounds() const { return inserted > safe_insertions || blocked >= blocked_limit; }
    };

    static std::uint64_t add(std::uint64_t time_ns, std::uint64_t duration_ns);
    std::optional<std::uint64_t> pass_before(std::uint64_t now_ns);
    void written(std::uint64_t now_ns) {
        const std::uint64_t due_ns = add(now_ns, lifetime_ns_);
        if (due_ns < earliest_ns_) earliest_ns_ = due_ns;
    }

    std::uint64_t interval_ns_;
    std::uint64_t lifetime_ns_; ///< of the record that a pass frees soonest
    std::array<Family, 2> families_{};
    std::uint64_t next_ns_ = UINT64_MAX;
    std::optional<std::uint64_t> pending_ns_; ///< due, and not yet worth its while
    std::uint64_t earliest_ns_ = UINT64_MAX;  ///< before this a pass finds nothing
};

} // namespace portscan
