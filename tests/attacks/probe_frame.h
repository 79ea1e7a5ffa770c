// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame.h"
#include "sim/packet.h"
#include "tests/families.h"

#include <algorithm>

namespace portscan::attacks {

/// A TCP segment whose source and port are changed in place: an attack sends millions of them.
/// Checksums stay those of the first, which the detector does not look at. One for each thread.
class ProbeFrame {
  public:
    explicit ProbeFrame(const test::Family &family, const char *flags = "S") :
        bytes_{tcp(family.scanner, family.host, 1, flags).bytes()},
        source_{bytes_.begin() + (family.ipv6 ? 14 + 8 : 14 + 12)},
        port_{bytes_.begin() + (family.ipv6 ? 14 + 40 + 2 : 14 + 20 + 2)},
        size_{family.ipv6 ? 16 : 4} {}
    ProbeFrame(const ProbeFrame &) = delete;
    ProbeFrame &operator=(const ProbeFrame &) = delete;

    ByteView from(const Address &source, std::uint16_t port) {
        std::copy_n(source.bytes.begin(), size_, source_);
        port_[0] = static_cast<std::uint8_t>(port >> 8);
        port_[1] = static_cast<std::uint8_t>(port);
        return bytes_;
    }

  private:
    Bytes bytes_;
    Bytes::iterator source_;
    Bytes::iterator port_;
    std::ptrdiff_t size_;
};

} // namespace portscan::attacks
