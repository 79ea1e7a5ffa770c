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

/// pscan_stats of one detector: a per-CPU array, or a plain array that the harness reads in place.
class CounterMap {
  public:
    /// The descriptor must outlive this. Throws std::system_error.
    explicit CounterMap(int map_fd);
    /// Sums over CPUs; each counter by itself, so that packets meanwhile may show in some only.
    Counters read() const;
    /// Sets counter 6, the size of the registry at the last expiry pass.
    void set_registry_size(std::uint64_t records);

  private:
    int map_fd_;
    std::size_t copies_; ///< one a CPU, or one in all
};

} // namespace portscan
