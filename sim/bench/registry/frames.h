// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame.h"

#include <cstdint>

namespace portscan::bench {

/// A TCP probe over IPv4 without options, whose source and port are changed in place. Checksums go
/// stale with that; nothing measured here reads them.
class ProbeFrame {
  public:
    ProbeFrame();

    /// Source number `number` on that port. Numbers below 2^32 are distinct addresses, scattered.
    ByteView from(std::uint32_t number, std::uint16_t port);

  private:
    Bytes bytes_;
};

/// The address of that number in host byte order.
constexpr std::uint32_t source_address(std::uint32_t number) {
    return number * 2'654'435'769U; // odd, so no two numbers meet
}

} // namespace portscan::bench
