// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <bpf/bpf.h>
#include <cerrno>
#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <system_error>
#include <vector>

namespace portscan {

/// Throws what errno says, unless it is `expected`. `what` names the operation.
inline void throw_unless(int expected, const char *what) {
    if (errno != expected) throw std::system_error(errno, std::generic_category(), what);
}

/// Calls visit(key, value) for every element of a hash map, in batches. An element that comes or
/// goes meanwhile may be missed.
template <typename Key, typename Value, typename Visit>
void for_each_element(int map_fd, Visit visit) {
    // A batch must take the fullest hash bucket whole; it grows where it does not.
    std::vector<Key> keys(4096);
    std::vector<Value> values(keys.size());
    std::uint64_t position = 0;
    bool first = true;
    for (bool more = true; more;) {
        std::uint64_t next = position;
        auto count = static_cast<__u32>(keys.size());
        const int error = bpf_map_lookup_batch(map_fd, first ? nullptr : &position, &next,
                                               keys.data(), values.data(), &count, nullptr);
        if (error == -ENOSPC) {
            keys.resize(keys.size() * 4);
            values.resize(keys.size());
            continue;
        }
        if (error != 0 && error != -ENOENT)
            throw std::system_error(-error, std::generic_category(), "read registry");
        for (__u32 i = 0; i < count; ++i) visit(keys[i], values[i]);
        more = error == 0;
        position = next;
        first = false;
    }
}

} // namespace portscan
