// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/stage_state.h"

#include "bpf/portscan.h"

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace portscan {
namespace {

constexpr std::size_t most_key = sizeof(portscan_key6);
constexpr std::size_t most_value = sizeof(portscan_more_ports);
constexpr __u32 most_elements = 64;

/// Reads all elements, one behind the other. How many there are.
__u32 read_all(int map, void *keys, void *values) {
    std::array<std::uint8_t, most_key> place{};
    __u32 count = most_elements;
    if (bpf_map_lookup_batch(map, nullptr, place.data(), keys, values, &count, nullptr) == 0)
        throw std::length_error("a map of a stage holds more elements than there is room for");
    if (errno != ENOENT) // all have been read
        throw std::system_error(errno, std::generic_category(), "read map");
    return count;
}

/// The elements in the order of their keys.
void add_hash(Digest &digest, int map, std::size_t key_size, std::size_t value_size) {
    std::array<std::uint8_t, most_elements * most_key> keys{};
    std::array<std::uint8_t, most_elements * most_value> values{};
    std::vector<__u32> order(read_all(map, keys.data(), values.data()));
    for (__u32 i = 0; i < order.size(); ++i) order[i] = i;
    const auto key_of = [&](__u32 index) { return keys.data() + index * key_size; };
    std::sort(order.begin(), order.end(),
              [&](__u32 a, __u32 b) { return std::memcmp(key_of(a), key_of(b), key_size) < 0; });
    digest.add_value(order.size());
    for (const __u32 index : order)
        digest.add(key_of(index), key_size).add(values.data() + index * value_size, value_size);
}

void add_array(Digest &digest, int map, std::size_t value_size) {
    std::array<__u32, most_elements> keys{};
    std::array<std::uint8_t, most_elements * most_value> values{};
    const __u32 count = read_all(map, keys.data(), values.data());
    digest.add(values.data(), count * value_size);
}

} // namespace

void add_state(Digest &digest, const DetectorMaps &maps, bool ipv6) {
    const std::size_t key_size = ipv6 ? sizeof(portscan_key6) : sizeof(portscan_key4);
    add_hash(digest, ipv6 ? maps.ip6_reg : maps.ip_reg, key_size, sizeof(portscan_record));
    add_hash(digest, ipv6 ? maps.ports6 : maps.ports, key_size, sizeof(portscan_more_ports));
    add_array(digest, ipv6 ? maps.queue6 : maps.queue, key_size);
    add_array(digest, maps.stats, sizeof(std::uint64_t));
    portscan_state state{};
    const __u32 zero = 0;
    if (bpf_map_lookup_elem(maps.state, &zero, &state) != 0)
        throw std::system_error(errno, std::generic_category(), "read map");
    digest.add_value(state);
}

} // namespace portscan
