// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "sim/packet.h"

#include <cstddef>
#include <cstdint>

namespace portscan {

/// A frame whose source address is changed in place: measuring sends millions of them. Checksums
/// stay those of the packet it was made from; nothing that is measured reads them. One for each
/// thread.
class SourceFrame {
  public:
    explicit SourceFrame(const Packet &packet);

    /// The frame from that address, of the family of the packet; as it is where that is not IP.
    /// Valid until the next call.
    ByteView from(const Address &source);

  private:
    Bytes bytes_;
    std::size_t place_ = 0; ///< of the source address
    std::size_t size_ = 0;  ///< 4, 16, or 0: not IP
};

/// Source number `number` of a family: addresses without order, for IPv6 each with a /64 of its
/// own, in which `host` is the last byte.
Address scattered_source(bool ipv6, std::uint32_t number, std::uint8_t host = 2);

} // namespace portscan
