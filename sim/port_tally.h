// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace portscan {

/// What became of the distinct ports that a source probed, as far as the capture tells.
struct PortTally {
    std::uint32_t probed = 0;           ///< of those that were dropped, the first 64
    std::uint32_t probed_answered = 0;  ///< of these, that answered with SYN-ACK
    std::uint32_t probed_completed = 0; ///< of these again, to which the source sent its ACK
    std::uint32_t passed = 0;           ///< that got through
    std::uint32_t answered = 0;         ///< of those that got through, that answered

    bool operator==(const PortTally &) const = default;
};

/// Whether the source looks like an honest client: it completed handshakes, with half of the ports
/// that it probed or more.
bool likely_honest(const PortTally &tally);
/// Why it does or does not: `4 of 4 ports answered, 4 handshakes completed`.
std::string honesty_reason(const PortTally &tally);

} // namespace portscan
