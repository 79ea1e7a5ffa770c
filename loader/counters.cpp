// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/counters.h"

#include "bpf/portscan.h"
#include "loader/possible_cpus.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <numeric>
#include <system_error>

namespace portscan {

static_assert(reason_count == PORTSCAN_LAST_REASON - PORTSCAN_FIRST_REASON + 1);

const std::vector<std::string_view> &counter_names() {
    static const std::vector<std::string_view> names{
        "xdp_aborted",   "xdp_drop",    "xdp_pass", "xdp_tx",   "xdp_redirect", "probes",
        "registry_size", "malformed",   "not_ip",   "not_tcp",  "not_probe",    "ignored",
        "known",         "allowlisted", "recorded", "blocked",  "threshold",    "block_refused",
        "insert_failed", "contention",  "fault",    "inserted", "blocks",       "evictions",
        "would_drop",    "events_lost"};
    return names;
}

std::optional<std::uint64_t> Counters::find(std::string_view name) const {
    const auto &names = counter_names();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return values.at(static_cast<std::size_t>(found - names.begin()));
}

std::uint64_t Counters::of(Reason reason) const {
    return values.at(PORTSCAN_FIRST_REASON + static_cast<std::size_t>(reason));
}

CounterMap::CounterMap(int map_fd) : map_fd_{map_fd} {
    bpf_map_info info{};
    __u32 size = sizeof(info);
    if (bpf_obj_get_info_by_fd(map_fd, &info, &size) != 0)
        throw std::system_error(errno, std::generic_category(), "inspect pscan_stats");
    const bool per_cpu = info.type == BPF_MAP_TYPE_PERCPU_ARRAY;
    copies_ = per_cpu ? possible_cpus() : 1;
}

Counters CounterMap::read() const {
    Counters counters{std::vector<std::uint64_t>(PORTSCAN_COUNTERS)};
    std::vector<std::uint64_t> copies(copies_);
    for (__u32 key = 0; key < PORTSCAN_COUNTERS; ++key) {
        if (bpf_map_lookup_elem(map_fd_, &key, copies.data()) != 0)
            throw std::system_error(errno, std::generic_category(), "read pscan_stats");
        counters.values[key] = std::accumulate(copies.begin(), copies.end(), std::uint64_t{0});
    }
    return counters;
}

void CounterMap::set_registry_size(std::uint64_t records) {
    const __u32 key = PORTSCAN_REGISTRY_SIZE;
    std::vector<std::uint64_t> copies(copies_);
    copies[0] = records;
    if (bpf_map_update_elem(map_fd_, &key, copies.data(), BPF_ANY) != 0)
        throw std::system_error(errno, std::generic_category(), "write pscan_stats");
}

} // namespace portscan
