// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/verdict.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace portscan {

/// The counters of pscan_stats, summed over CPUs. The index is the map's key; names and order are
/// those of bpf/portscan.h.
struct Counters {
    std::vector<std::uint64_t> values;

    std::uint64_t operator[](std::size_t key) const { return values.at(key); }
    /// By name (`xdp_drop`, `probes`, `threshold`, `evictions` ...); nothing if there is no such
    /// counter.
    std::optional<std::uint64_t> find(std::string_view name) const;
    std::uint64_t of(Reason reason) const;
};

/// Names of all counters in the order of their keys.
const std::vector<std::string_view> &counter_names();

} // namespace portscan
