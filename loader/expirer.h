// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>

namespace portscan {

/// What one expiry pass did.
struct ExpiryReport {
    std::uint64_t sources_freed = 0;  ///< unblocked records idle for twice the window
    std::uint64_t blocks_freed = 0;   ///< blocks whose duration was over
    std::uint64_t sources_left = 0;   ///< records in the registry after the pass, blocks included
    std::uint64_t blocks_left = 0;    ///< blocks among them
    /// The earliest time at which a later pass can find something to free; UINT64_MAX: never, unless
    /// packets arrive.
    std::uint64_t next_due_ns = UINT64_MAX;
};

} // namespace portscan
