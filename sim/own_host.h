// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture.h"
#include "sim/source_report.h"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace portscan {

/// Notices that a blocked "scanner" is the host that recorded the capture, whose own connections
/// were replayed as if they arrived: it takes part in nearly all packets, and it was answered.
/// Looks at the first 4,096 IP packets.
class OwnHostDetector {
  public:
    void observe(const CapturedFrame &frame);
    /// One line that names the address and `--host`; nothing where no blocked source looks so.
    std::optional<std::string> hint(const std::vector<SourceReport> &sources) const;

  private:
    struct Part {
        std::uint32_t packets = 0;
        std::vector<Address> others{}; ///< the first ones that it was in a packet with
    };
    void note(const Address &one, const Address &other);

    std::unordered_map<Address, Part, AddressHash> parts_{};
    std::uint32_t observed_ = 0;
};

} // namespace portscan
