// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture_replay.h"
#include "sim/command_replay.h"
#include "sim/replay_context.h"

#include <memory>
#include <vector>

namespace portscan {

/// What `replay` runs captures on.
struct ReplaySession {
    std::vector<std::unique_ptr<CaptureReplay>> workers; ///< for captures at a time
    ReplayContext context;
};

/// Whole number of an option, within these bounds. Throws OptionError.
std::uint64_t parse_count(std::string_view option, std::string_view text, std::uint64_t least = 0,
                          std::uint64_t most = UINT64_MAX);

inline constexpr std::uint32_t default_host_sources = 65'536;

/// Loads `workers` detectors, of one option set, and gives up every capability that is not needed
/// from there on: no file is opened before. Throws OptionError and std::system_error.
ReplaySession start_session(const ReplayCommand &command, unsigned workers);

} // namespace portscan
