// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame_source.h"

#include <memory>
#include <string>

namespace portscan {

/// The frames of a scenario's `packets` or `[[traffic]]`. Throws where the file cannot be read as a
/// scenario, and OptionError where its frames are those of a capture.
std::unique_ptr<FrameSource> open_scenario_traffic(const std::string &path);

} // namespace portscan
