// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/allowlist.h"
#include "loader/counters.h"
#include "loader/mapped_state.h"

#include <cstdint>

namespace portscan {

/// What one expiry pass did.
struct ExpiryReport {
    std::uint64_t sources_freed = 0; ///< idle for twice the window, or passed over by the queue
    std::uint64_t blocks_freed = 0;  ///< blocks whose duration was over
    std::uint64_t blocks_lifted = 0; ///< blocks that the allowlist came to cover
    std::uint64_t sources_left = 0;  ///< records in the registry after the pass, blocks included
    std::uint64_t blocks_left = 0;   ///< blocks among them
    /// The earliest time at which a later pass can find something to free; UINT64_MAX: never,
    /// unless packets arrive.
    std::uint64_t next_due_ns = UINT64_MAX;
};

/// Runs expiry passes of one detector: reclaims memory, corrects the count of blocks, sets the size
/// of the registry in pscan_stats, and lifts blocks that the allowlist came to cover.
class Expirer {
  public:
    /// All must outlive the expirer. `program` is Detector::expire_program().
    Expirer(int program, MappedState &state, CounterMap &counters, Allowlist &allowlist);

    /// `now_ns`: the program's clock. Throws std::system_error where the kernel refuses.
    ExpiryReport pass(std::uint64_t now_ns);

  private:
    /// What has an effect on the count of blocks, as it was before the pass.
    struct Before {
        std::uint64_t blocks;                     ///< made by the program so far
        unsigned hand_changes[PORTSCAN_FAMILIES]; ///< ended so far
    };
    void correct_blocked(portscan_family family, const Before &before);

    int program_;
    MappedState *state_;
    CounterMap *counters_;
    Allowlist *allowlist_;
};

} // namespace portscan
