// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"
#include "loader/verdict.h"
#include "sim/source_frame.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace portscan {

/// Whose packets take a path.
enum class BenchSources : std::uint8_t {
    strangers,   ///< no record
    known,       ///< a record with one port, bench_port(0)
    blocked,     ///< a block
    allowlisted, ///< no record, and an entry of its own on the allowlist
    inside,      ///< IPv6: a blocked prefix, of which bench_allowed_host is allowlisted
    at_bound,    ///< a record whose ports are all used, where no further block is permitted
    fresh        ///< one without a record for each packet: the packet leaves the registry changed
};

/// What differs from the options on the command line. Each is a detector of its own.
enum class BenchSetting : std::uint8_t {
    plain,
    ignoring,        ///< bench_ignored_port is ignored
    allowing,        ///< the allowlist has bench_allow_entries entries
    allowing_inside, ///< so many blocked IPv6 prefixes have an allowlisted address in them
    probes_scope,    ///< --block-scope probes
    all_scope,       ///< --block-scope all
    at_bound         ///< as many blocks as --max-blocked permits
};

inline constexpr std::uint16_t bench_ignored_port = 443;
inline constexpr std::uint32_t bench_allow_entries = 1'000;
inline constexpr std::uint8_t bench_allowed_host = 1;

/// Ports that are probed, in their order.
constexpr std::uint16_t bench_port(unsigned index) {
    return static_cast<std::uint16_t>(20'001 + index);
}

/// A packet, and what the detector must say of it.
struct BenchStep {
    SourceFrame frame;
    Reason reason = Reason::fault;
};

/// One path through the program.
struct BenchPath {
    std::string name; ///< `known-port`, `known-port-ipv6`
    bool ipv6 = false;
    BenchSources sources = BenchSources::strangers;
    BenchStep step; ///< what is measured
    BenchSetting setting = BenchSetting::plain;
    std::uint8_t host = 2;            ///< last byte of the sources' addresses, for IPv6
    std::vector<BenchStep> before{};  ///< of fresh sources: what they sent before
    std::optional<BenchStep> touch{}; ///< warms the caches for a fresh source
    /// Of fresh sources: whether the registry is full, so that each gives another's place away.
    bool evicts = false;

    /// The packet changes nothing, so that it can be run again and again.
    bool is_steady() const { return sources != BenchSources::fresh; }
};

/// Every path, in the order of the report. Those that need more ports than --max-ports are left
/// out.
std::vector<BenchPath> bench_paths(const DetectorOptions &options);

} // namespace portscan
