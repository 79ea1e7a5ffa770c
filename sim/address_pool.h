// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "sim/random.h"

#include <cstdint>
#include <vector>

namespace portscan {

/// The addresses of a list of prefixes, numbered in the order of the list. An IPv4 prefix counts
/// every address of it, an IPv6 prefix longer than 64 bits too; an IPv6 prefix of up to 64 bits
/// counts each of its /64 networks once, by the address ::1 in it.
class AddressPool {
  public:
    /// At least one prefix.
    explicit AddressPool(std::vector<Prefix> prefixes);

    /// At most UINT64_MAX, where there are more.
    std::uint64_t size() const { return size_; }
    /// `index` below size().
    Address at(std::uint64_t index) const;
    /// Any address of the prefixes, every bit behind them random.
    Address pick(Random &random) const;

  private:
    std::vector<Prefix> prefixes_;
    std::uint64_t size_ = 0;
};

} // namespace portscan
