// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"
#include "sim/simulator.h"
#include "sim/time_text.h"

#include <string>

namespace portscan {

/// What a replay ran on: the same for all captures of a command.
struct ReplayContext {
    DetectorOptions options;
    std::string object_sha256; ///< hexadecimal
    std::string kernel;        ///< release, as `uname -r` has it
    Clock clock = Clock::capture;
};

/// Of the kernel that we run on, as `uname -r` has it.
std::string kernel_release();

/// That of a simulator and of the kernel that we run on.
ReplayContext context_of(const Simulator &simulator, Clock clock);

} // namespace portscan
