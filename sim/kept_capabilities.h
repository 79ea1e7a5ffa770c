// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/privileges.h"
#include "sim/simulator.h"

namespace portscan {

/// What a simulator that is loaded goes on to need: nothing, or CAP_BPF where this kernel asks for
/// it at each use of a map. Found by trying it once, without capabilities in effect; those are back
/// when this returns. Throws std::system_error.
KeptCapabilities needed_to_run(const Simulator &simulator);

} // namespace portscan
