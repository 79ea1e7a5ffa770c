// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace portscan {

/// Whether a file with these first four bytes, big endian, is a pcap: of microseconds, nanoseconds
/// or a modified format of the nineties, in either byte order.
bool is_pcap_magic(std::uint32_t magic);

/// Takes the snap length out of a pcap file while it streams by: the field is set to 0, "no limit"
/// (draft-ietf-opsawg-pcap). libpcap cuts or refuses a packet larger than that; the packet itself
/// is whole. Anything but a pcap passes unchanged.
class SnapLengthRemover {
  public:
    /// The next bytes of the file, in pieces of any size; changed in place.
    void process(std::span<std::uint8_t> bytes);

  private:
    std::size_t position_ = 0; ///< in the file, as far as that matters
    std::uint32_t magic_ = 0;  ///< the first four bytes, big endian
};

} // namespace portscan
