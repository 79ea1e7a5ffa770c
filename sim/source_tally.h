// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "sim/simulator.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace portscan {

struct CapturedFrame;
struct FrameOutcome;

/// What a setting did to one source of a capture. Packets that were not run are in none of it.
struct SourceTally {
    bool blocked = false;              ///< ever
    std::uint64_t probes_before = 0;   ///< that passed before the block, or at all
    std::uint64_t probes_passed = 0;   ///< at all: a block can end
    std::uint64_t probes_dropped = 0;  ///< the one that blocks included
    std::uint64_t packets_dropped = 0; ///< probes included

    void add(const RunResult &result, bool is_probe);
    bool operator==(const SourceTally &) const = default;
};

struct TalliedSource {
    Prefix source;
    SourceTally tally{};

    bool operator==(const TalliedSource &) const = default;
};

/// Counts what several settings, run side by side on the frames of a capture, do to its scanners
/// and to everybody else. Memory grows with the scanners, and with those others of whom something
/// is dropped.
class CaptureTally {
  public:
    /// An IPv6 source is its prefix of so many bits here, whatever single settings take for one.
    CaptureTally(const std::vector<Prefix> &scanners, std::size_t settings, unsigned ipv6_prefix);

    /// One outcome for each setting.
    void observe(const CapturedFrame &frame, std::span<const FrameOutcome> outcomes);

    /// In the order in which they were given.
    std::vector<TalliedSource> scanners(std::size_t setting) const;
    /// Of all others those that the setting dropped packets of, in order of the first drop.
    std::vector<TalliedSource> wronged(std::size_t setting) const;

  private:
    std::size_t scanner_count_;
    unsigned ipv6_prefix_;
    std::vector<Prefix> sources_;
    std::unordered_map<Prefix, std::size_t, PrefixHash> places_{}; ///< in sources_
    std::vector<std::vector<SourceTally>> settings_; ///< of each source, as far as there is one
};

} // namespace portscan
