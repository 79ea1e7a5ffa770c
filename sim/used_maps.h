// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/detector.h"
#include "loader/options.h"

namespace portscan {

/// Empties a hash map, which nobody else may use meanwhile. Throws std::system_error.
void empty_hash_map(int map);

/// Empties the maps of a detector, so that they are as they were when it was loaded: all but the
/// ring of events, which its reader empties. Nobody else may use them meanwhile. Throws
/// std::system_error.
void clear_used_maps(const DetectorMaps &maps, const DetectorOptions &options);

} // namespace portscan
