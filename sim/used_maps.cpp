// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/used_maps.h"

#include "bpf/portscan.h"
#include "loader/map_access.h"

#include <algorithm>
#include <array>
#include <bpf/libbpf.h>
#include <cstring>
#include <numeric>
#include <sys/mman.h>

namespace portscan {
namespace {

/// A walk for all keys first: looking for the first one again and again would scan the empty
/// buckets in front of it each time.
template <typename Key, typename Value>
void clear_hash(int map) {
    std::vector<Key> keys;
    for_each_element<Key, Value>(map, [&](const Key &key, const Value &) { keys.push_back(key); });
    for (const Key &key : keys)
        if (bpf_map_delete_elem(map, &key) != 0) throw_unless(ENOENT, "clear map");
}

void clear_trie(int map) {
    portscan_allow_key6 key{}; // of IPv4 the leading bytes
    while (bpf_map_get_next_key(map, nullptr, &key) == 0)
        if (bpf_map_delete_elem(map, &key) != 0) throw_unless(ENOENT, "clear map");
    throw_unless(ENOENT, "clear map");
}

/// In place where the map can be mapped, which takes a hundredth of the time.
void clear_queue(int map, __u32 slots, std::size_t size) {
    const std::size_t bytes = slots * ((size + 7) / 8 * 8);
    void *const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
    if (memory != MAP_FAILED) {
        std::memset(memory, 0, bytes);
        munmap(memory, bytes);
        return;
    }
    std::vector<__u32> keys(slots);
    std::iota(keys.begin(), keys.end(), 0U);
    const std::vector<std::uint8_t> zeros(slots * ((size + 7) / 8 * 8));
    if (bpf_map_update_batch(map, keys.data(), zeros.data(), &slots, nullptr) != 0)
        throw std::system_error(errno, std::generic_category(), "clear queue");
}

/// `size` bytes an element, of each CPU's copy where it has some.
void clear_array(int map, __u32 elements, std::size_t size) {
    const auto copies = static_cast<std::size_t>(std::max(1, libbpf_num_possible_cpus()));
    const std::vector<std::uint8_t> zeros((size + 7) / 8 * 8 * copies);
    for (__u32 index = 0; index < elements; ++index)
        if (bpf_map_update_elem(map, &index, zeros.data(), BPF_ANY) != 0)
            throw std::system_error(errno, std::generic_category(), "clear map");
}

} // namespace

void clear_used_maps(const DetectorMaps &maps, const DetectorOptions &options) {
    clear_hash<portscan_key4, portscan_record>(maps.ip_reg);
    clear_hash<portscan_key6, portscan_record>(maps.ip6_reg);
    clear_hash<portscan_key4, portscan_more_ports>(maps.ports);
    clear_hash<portscan_key6, portscan_more_ports>(maps.ports6);
    clear_hash<portscan_key6, __u32>(maps.allow6_in);
    clear_trie(maps.allow);
    clear_trie(maps.allow6);
    clear_queue(maps.queue, options.max_sources - options.blocked_limit(), sizeof(portscan_key4));
    clear_queue(maps.queue6, options.max_sources6 - options.blocked_limit6(),
                sizeof(portscan_key6));
    clear_array(maps.state, 1, sizeof(portscan_state));
    clear_array(maps.stats, PORTSCAN_COUNTERS, sizeof(std::uint64_t));
}

} // namespace portscan
