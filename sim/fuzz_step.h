// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "sim/frame.h"

#include <cstdint>
#include <vector>

namespace portscan {

/// One thing that happens to a detector: a frame, or what somebody does to it.
struct FuzzStep {
    enum class Kind : std::uint8_t { packet, unblock, block, allow, disallow, expire };

    Kind kind = Kind::packet;
    std::uint64_t time_ns = 0;
    Bytes frame{};   ///< of packet
    Prefix target{}; ///< of allow and disallow; its address, of unblock and block

    bool operator==(const FuzzStep &) const = default;
};

/// Steps in their order. Time may run backwards from one to the next; an action has a time of its
/// own between those of its neighbours where it does not.
using FuzzTrace = std::vector<FuzzStep>;

} // namespace portscan
