// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/fuzz.h"

namespace portscan {

/// Makes what was found small: as few steps, options that are not the default's and octets as still
/// show a difference; of a difference that no verdict shows, one that a verdict does, if a few more
/// probes are enough for that. Plays it some hundred times. The result is checked on simulators of
/// its own; where it would not hold, what was found is returned as it is. Throws std::system_error
/// where the kernel refuses.
FuzzFinding shrink(const FuzzFinding &found, const FuzzSettings &settings);

} // namespace portscan
