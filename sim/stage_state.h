// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/detector.h"
#include "sim/stage_log.h"

namespace portscan {

/// Adds all that the programs have written to the maps of one family, in an order of its own:
/// records, further ports, the queue, pscan_state and the counters. Not the events. The counters
/// are of a map in one copy (StatsMap::mapped). Throws std::system_error.
void add_state(Digest &digest, const DetectorMaps &maps, bool ipv6);

} // namespace portscan
