// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/address_pool.h"
#include "sim/packet.h"
#include "sim/random.h"

#include <bitset>
#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace portscan {

struct TrafficKind;

/// A TrafficSpec with every default filled in, as the sessions see it.
struct TrafficPlan {
    const TrafficKind *kind = nullptr;
    AddressPool sources;
    AddressPool targets;
    std::vector<std::uint16_t> ports{};
    std::bitset<65536> open_ports{};
    std::uint64_t seed = 1;

    /// The random numbers of one session, which do not depend on any other.
    Random random(std::uint64_t session) const { return Random{seed, session}; }
};

/// The packets of one session, in order of their times.
class SessionScript {
  public:
    virtual ~SessionScript() = default;
    /// `after` the session's start.
    virtual void send(std::chrono::nanoseconds after, Packet packet) = 0;
};

/// One kind of traffic. A session follows from the plan and its number alone.
struct TrafficKind {
    std::string_view name;
    std::string_view help;
    /// Sets of addresses by family: prefixes as a comma list.
    struct Defaults {
        std::string_view source4, source6, target4, target6;
        std::string_view ports;
        double rate = 1000;
        /// Sessions without a count and a duration; 0: as many as total_sessions() says.
        std::uint64_t count = 0;
    } defaults;
    void (*session)(const TrafficPlan &plan, std::uint64_t number, SessionScript &script);
    /// How many sessions are the whole of it; nullptr: there is no end of its own.
    std::uint64_t (*total_sessions)(const TrafficPlan &plan) = nullptr;
    std::string_view flags = {};            ///< of a scan's probes
    std::uint64_t max_sources = UINT64_MAX; ///< where all of them are in one session
};

/// Scans and floods; honest traffic.
std::span<const TrafficKind> scan_kinds();
std::span<const TrafficKind> honest_kinds();

} // namespace portscan
