// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "bpf/portscan.h"

#include <cstdint>

namespace portscan {

/// The element of pscan_state in this process' memory. Its counts change under the program's
/// hands: read and change them through the functions here.
class MappedState {
  public:
    /// Throws std::system_error where the map cannot be mapped.
    explicit MappedState(int map_fd);
    MappedState(MappedState &&other) noexcept;
    MappedState &operator=(MappedState &&other) noexcept;
    ~MappedState();

    /// Blocks of the family, as the program bounds them.
    unsigned blocked(portscan_family family) const;
    /// Takes one of the blocks that `bound` permits; false where there is none left.
    bool take_block(portscan_family family, unsigned bound);
    void give_blocks(portscan_family family, unsigned count);
    void add_blocks(portscan_family family, unsigned count);

    /// Around each change of blocks in the registry and of their count, which are two steps: a pass
    /// that meets one in between must not take the difference for a mistake.
    void begin_hand_change(portscan_family family);
    void end_hand_change(portscan_family family);
    unsigned hand_changes_begun(portscan_family family) const;
    unsigned hand_changes_ended(portscan_family family) const;

    /// Takes `count` places in the queue, and returns the first of them.
    std::uint64_t take_places(portscan_family family, std::uint64_t count);

    /// What the last expiry pass did; steady between passes.
    const portscan_expiry &expiry(portscan_family family) const { return state_->expiry[family]; }

    void set_allow6_inside(unsigned entries);
    void note_allow_changed();
    /// True if the allowlist grew since the last call.
    bool take_allow_changed();

  private:
    portscan_state *state_ = nullptr;
};

} // namespace portscan
