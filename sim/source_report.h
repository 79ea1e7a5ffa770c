// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "loader/events.h"
#include "loader/registry.h"
#include "sim/port_tally.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace portscan {

/// One block of a source. Times are the program's clock in ns.
struct BlockReport {
    std::uint64_t at_ns = 0;
    std::uint64_t frame = 0; ///< 0: not by a frame of this capture, but by an action or earlier
    std::optional<std::uint16_t> trigger_port{}; ///< nothing: blocked by an action
    std::optional<std::uint64_t> until_ns{};     ///< nothing: until unblocked

    bool operator==(const BlockReport &) const = default;
};

/// What became of the record of a source.
enum class SourceState : std::uint8_t {
    active,    ///< there, and within the window, or a block within its duration
    expired,   ///< there or not, its time is over
    evicted,   ///< gone before its time
    unblocked, ///< taken out by an action
};
std::string_view to_string(SourceState state);

/// A source that sent probes, lost packets or was ever blocked.
struct SourceReport {
    Prefix address;
    /// Nothing: there never was a record, since every probe was ignored, allowlisted or refused.
    std::optional<SourceState> state{};
    bool blocked = false;               ///< in force at the end; never in a dry run
    std::vector<std::uint16_t> ports{}; ///< recorded, in order, at the latest block or else record
    std::uint64_t probes = 0;
    std::uint64_t packets = 0; ///< that the program saw, probes included
    std::uint64_t dropped = 0;
    std::uint64_t first_seen_ns = 0;
    std::vector<BlockReport> blocks{}; ///< oldest first
    PortTally reach{};                 ///< what became of the ports that it probed
    std::optional<Address> host{};     ///< with a replay for each host, the one that it sent to

    // Word for word what the program wrote, with ReplayOptions::details.
    std::optional<SourceRecord> record{}; ///< in the registry at the end
    std::vector<BlockEvent> events{};     ///< in pscan_events, oldest first
};

} // namespace portscan
