// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"

#include <array>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace portscan {

/// Hosts by address and prefix. A look-up costs one hash for each different prefix length.
class HostList {
  public:
    HostList() = default; ///< of none
    /// `10.0.0.9,2001:db8::/64`. Throws OptionError.
    static HostList parse(std::string_view text);

    bool empty() const { return prefixes_.empty(); }
    bool contains(const Address &address) const;

  private:
    std::unordered_set<Prefix, PrefixHash> prefixes_{};
    std::array<std::vector<unsigned>, 2> lengths_{}; ///< of IPv4 and of IPv6, without repetition
};

} // namespace portscan
