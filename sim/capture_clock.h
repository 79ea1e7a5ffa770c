// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"

#include <cstdint>

namespace portscan {

/// The clock of a rewritten program (sim/clock_rewrite.h): the one element of an array map that
/// this process writes in place.
class CaptureClock {
  public:
    /// Starts at 0. Throws std::system_error.
    CaptureClock();
    CaptureClock(CaptureClock &&other) noexcept;
    CaptureClock &operator=(CaptureClock &&other) noexcept;
    ~CaptureClock();

    int map_fd() const { return map_.get(); }
    std::uint64_t time_ns() const;
    void set(std::uint64_t time_ns);

  private:
    FileDescriptor map_;
    std::uint64_t *time_ = nullptr;
};

} // namespace portscan
