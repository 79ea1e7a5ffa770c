// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/replay.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace portscan {

/// A frame of which the two sides think differently.
struct ChangedFrame {
    std::uint64_t number = 0;
    std::uint64_t time_ns = 0;
    RunResult before, after;
    std::string summary; ///< `10.0.0.1:4711 > 10.0.0.9:22 S`
};

/// A source that lost or got through other packets, or was blocked at another frame or not at all.
struct ChangedSource {
    Prefix address;
    std::uint64_t first_frame = 0; ///< whose verdict changes; 0: none does
    std::uint64_t newly_dropped = 0, newly_passed = 0;
    /// First block on each side: its frame, 0 for one by an action; nothing: never blocked.
    std::optional<std::uint64_t> blocked_before{}, blocked_after{};
};

/// What `compare` prints of one capture or case.
struct ComparisonReport {
    std::string input{};
    std::uint64_t packets = 0;
    std::uint64_t changed = 0; ///< frames
    std::map<std::pair<Verdict, Verdict>, std::uint64_t> changes{};
    std::vector<ChangedFrame> frames{}; ///< the first ones
    std::vector<ChangedSource> sources{};
    std::string damage{}; ///< why reading ended early; for the caller to fill in

    bool differs() const { return changed != 0 || !sources.empty(); }
};

/// Collects what changes between two replays of the same frames. Memory grows with the sources that
/// change, not with packets.
class Comparison {
  public:
    /// `report_frames`: how many changed frames are kept. The prefix makes sources of senders.
    Comparison(unsigned ipv6_prefix, std::uint64_t report_frames) :
        ipv6_prefix_{ipv6_prefix},
        report_frames_{report_frames} {}

    void observe(const CapturedFrame &frame, const FrameOutcome &before, const FrameOutcome &after);
    /// With the books of both sides at the end.
    ComparisonReport report(const ReplayReport &before, const ReplayReport &after) const;

  private:
    unsigned ipv6_prefix_;
    std::uint64_t report_frames_;
    ComparisonReport report_{};
    std::map<Prefix, ChangedSource> sources_{};
};

} // namespace portscan
