// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "sim/frame.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace portscan {

/// A packet under construction. Each call returns the packet, so that a case reads as a sentence:
/// `tcp("10.0.0.1", "10.0.0.9", 22, "S").vlan(7).fragment(0, 8)`. Lengths and checksums are right
/// unless a call sets them wrong on purpose.
class Packet;

} // namespace portscan
