// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/detector.h"
#include "loader/options.h"

namespace portscan {

/// Empties the maps of a detector, so that they are as they were when it was loaded: all but the
/// ring of events, which its reader empties. Nobody else may use them meanwhile. Throws
/// std::system_error.
void clear_used_maps(const DetectorMaps &maps, const DetectorOptions &options);

} // namespace portscan
