// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace portscan {

/// A source became blocked: one record of pscan_events.
struct BlockEvent {
    Prefix source;
    std::uint64_t time_ns = 0;        ///< the program's clock
    std::vector<std::uint16_t> ports; ///< recorded ports, in order
    std::uint16_t trigger_port = 0;
    std::uint32_t ifindex = 0; ///< interface the trigger came in by
    bool dry_run = false;
};

/// Reads pscan_events.
class EventReader {
  public:
    /// Throws std::system_error where the ring buffer cannot be mapped.
    explicit EventReader(int map_fd);
    EventReader(EventReader &&) noexcept;
    EventReader &operator=(EventReader &&) noexcept;
    ~EventReader();

    /// Everything that is there now, oldest first; does not wait.
    std::vector<BlockEvent> take();
    /// Becomes readable when an event arrives (epoll).
    int poll_fd() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace portscan
