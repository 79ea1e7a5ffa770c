// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace portscan {

/// `seconds.nanoseconds` with nine digits after the point.
std::string format_seconds(std::uint64_t time_ns);

} // namespace portscan
