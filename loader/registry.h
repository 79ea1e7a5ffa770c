// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace portscan {

/// A record of pscan_ip_reg or pscan_ip6_reg.
struct SourceRecord {
    Prefix source;
    bool blocked = false;
    std::vector<std::uint16_t> ports;      ///< recorded, in order, 0..16 of them
    /// The program's clock at the last refresh, or at the block.
    std::uint64_t timestamp_ns = 0;
    std::uint16_t trigger_port = 0;        ///< of a block; 0 for a block by hand
    std::uint32_t ifindex = 0;             ///< of a block; 0 for a block by hand
    bool manual = false;                   ///< blocked by hand
    bool dry_run = false;                  ///< decided in a dry run: never in force
};

enum class BlockOutcome : std::uint8_t {
    blocked,
    already_blocked,
    allowlisted,  ///< refused: the allowlist covers it
    bound_reached ///< refused: --max-blocked records are blocks
};

} // namespace portscan
