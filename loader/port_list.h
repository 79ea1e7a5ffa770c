// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "bpf/portscan.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace portscan {

/// TCP ports of one source, at most 16 of them, held in place: a million records come without a
/// million allocations.
class PortList {
  public:
    using value_type = std::uint16_t;
    using const_iterator = const std::uint16_t *;

    PortList() = default;
    /// What is more than 16 is left out, as by push_back().
    PortList(std::initializer_list<std::uint16_t> ports) {
        for (const auto port : ports) push_back(port);
    }

    /// Ignored where the list is full.
    void push_back(std::uint16_t port) {
        if (count_ < ports_.size()) ports_[count_++] = port;
    }

    std::size_t size() const { return count_; }
    bool empty() const { return count_ == 0; }
    const std::uint16_t *data() const { return ports_.data(); }
    const_iterator begin() const { return data(); }
    const_iterator end() const { return data() + size(); }

    bool operator==(const PortList &other) const {
        return std::equal(begin(), end(), other.begin(), other.end());
    }

  private:
    std::array<std::uint16_t, PORTSCAN_MAX_PORTS> ports_{};
    std::uint8_t count_ = 0;
};

} // namespace portscan
