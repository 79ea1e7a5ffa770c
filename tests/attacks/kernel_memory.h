// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/detector.h"

#include <cstdint>

namespace portscan::attacks {

/// What the kernel says that the maps of a detector take, in bytes (`memlock` of their
/// descriptors). Throws std::system_error where it does not say.
std::uint64_t kernel_memory(const DetectorMaps &maps);

} // namespace portscan::attacks
