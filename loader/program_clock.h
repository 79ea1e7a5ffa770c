// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <ctime>

namespace portscan {

/// The program's clock: CLOCK_MONOTONIC_COARSE in ns, at most one tick behind CLOCK_MONOTONIC.
inline std::uint64_t program_clock_ns() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(time.tv_nsec);
}

} // namespace portscan
