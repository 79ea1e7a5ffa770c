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

void empty_hash_map(int map) {
    bpf_map_info info{};
    __u32 size = sizeof(info);
    if (bpf_obj_get_info_by_fd(map, &info, &size) != 0) throw_unless(0, "describe map");
    __u32 batch = 4096; // has to hold the fullest bucket, and grows where it does not
    __u32 position = 0; // a bucket: kernel/bpf/hashtab.c, __htab_map_lookup_and_delete_batch
    std::vector<std::uint8_t> keys, values;
    bool first = true;
    for (int error = 0; error == 0;) {
        keys.resize(std::size_t{batch} * info.key_size);
        values.resize(std::size_t{batch} * info.value_size);
        __u32 count = batch, next = position;
        error = bpf_map_lookup_and_delete_batch(map, first ? nullptr : &position, &next,
                                                keys.data(), values.data(), &count, nullptr);
        if (error == -ENOSPC) {
            batch *= 4;
            error = 0;
            continue;
        }
        if (error != 0) throw_unless(ENOENT, "clear map");
        position = next;
        first = false;
    }
}

void clear_used_maps(const DetectorMaps &maps, const DetectorOptions &options) {
    for (const int map : {maps.ip_reg, maps.ip6_reg, maps.ports, maps.ports6, maps.allow6_in})
        empty_hash_map(map);
    clear_trie(maps.allow);
    clear_trie(maps.allow6);
    clear_queue(maps.queue, options.max_sources - options.blocked_limit(), sizeof(portscan_key4));
    clear_queue(maps.queue6, options.max_sources6 - options.blocked_limit6(),
                sizeof(portscan_key6));
    clear_array(maps.state, 1, sizeof(portscan_state));
    clear_array(maps.stats, PORTSCAN_COUNTERS, sizeof(std::uint64_t));
}

} // namespace portscan
