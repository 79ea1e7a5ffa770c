// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"
#include "sim/simulator.h"

#include <cstdint>
#include <string>

namespace portscan {

/// What a replay ran on: the same for all captures of a command.
struct ReplayContext {
    DetectorOptions options;
    std::string object_sha256; ///< hexadecimal
    std::string kernel;        ///< release, as `uname -r` has it
    Clock clock = Clock::capture;
};

/// That of a simulator and of the kernel that we run on.
ReplayContext context_of(const Simulator &simulator, Clock clock);

/// `seconds.nanoseconds` with nine digits after the point.
std::string format_seconds(std::uint64_t time_ns);

} // namespace portscan
