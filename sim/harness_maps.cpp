// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/harness_maps.h"

#include "loader/digest.h"
#include "loader/file_descriptor.h"
#include "sim/btf_types.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <fmt/format.h>
#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace portscan {
namespace {

using namespace std::literals;

std::string harness_name(std::string_view name) {
    constexpr std::string_view prefix = "pscan_";
    return "psim_" + std::string{name.starts_with(prefix) ? name.substr(prefix.size()) : name};
}

/// The kernel's words for too large a map (E2BIG, ENOMEM) do not say what to do.
[[noreturn]] void refuse_map(int error, const bpf_map *map) {
    const bool too_large = error == E2BIG || error == ENOMEM;
    throw std::system_error(
        error, std::generic_category(),
        fmt::format("create map {} of {} entries{}", bpf_map__name(map), bpf_map__max_entries(map),
                    too_large ? ": lower --max-sources and --max-sources6" : ""));
}

FileDescriptor create_map(const bpf_map *map, const BtfTypes &types, bool mapped) {
    const std::string_view name = bpf_map__name(map);
    const bool typed = bpf_map__type(map) != BPF_MAP_TYPE_RINGBUF;
    LIBBPF_OPTS(bpf_map_create_opts, options);
    const bool written_in_place = mapped || name == "pscan_queue" || name == "pscan_queue6";
    options.map_flags = bpf_map__map_flags(map) | (written_in_place ? __u32{BPF_F_MMAPABLE} : 0U);
    if (typed) {
        options.btf_fd = static_cast<__u32>(types.fd());
        options.btf_key_type_id = bpf_map__btf_key_type_id(map);
        options.btf_value_type_id = bpf_map__btf_value_type_id(map);
    }
    FileDescriptor fd{bpf_map_create(
        mapped ? BPF_MAP_TYPE_ARRAY : bpf_map__type(map), harness_name(name).c_str(),
        bpf_map__key_size(map), bpf_map__value_size(map), bpf_map__max_entries(map), &options)};
    if (fd.get() < 0) refuse_map(errno, map);
    return fd;
}

SpareKind kind_of(const bpf_map *map, const std::string &types) {
    return {.name = harness_name(bpf_map__name(map)),
            .types = types,
            .key_size = bpf_map__key_size(map),
            .value_size = bpf_map__value_size(map),
            .max_entries = bpf_map__max_entries(map),
            .flags = bpf_map__map_flags(map),
            .key_type = bpf_map__btf_key_type_id(map),
            .value_type = bpf_map__btf_value_type_id(map)};
}

std::string digest_of(const btf *types) {
    __u32 size = 0;
    const void *const raw = btf__raw_data(types, &size);
    return sha256_hex({static_cast<const std::uint8_t *>(raw), size});
}

void reuse(bpf_map *map, int fd) {
    if (const int error = bpf_map__reuse_fd(map, fd); error != 0)
        throw std::system_error(-error, std::generic_category(),
                                fmt::format("use map {}", bpf_map__name(map)));
}

/// Side by side: the kernel takes its time for each of them.
void reuse_side_by_side(const std::vector<std::pair<bpf_map *, std::function<int()>>> &maps) {
    std::vector<std::future<int>> others;
    // By the default policy: where there is no room for a thread, get() does it.
    for (std::size_t i = 1; i < maps.size(); ++i) others.push_back(std::async(maps[i].second));
    if (!maps.empty()) reuse(maps[0].first, maps[0].second());
    for (std::size_t i = 1; i < maps.size(); ++i) reuse(maps[i].first, others[i - 1].get());
}

} // namespace

void use_harness_maps(bpf_object *object, StatsMap stats, LentMaps *lent) {
    BtfTypes types{bpf_object__btf(object)};
    types.load();
    const std::string digest = digest_of(bpf_object__btf(object));
    std::vector<std::pair<bpf_map *, std::function<int()>>> large;
    bpf_map *map = nullptr;
    bpf_object__for_each_map(map, object) {
        if (bpf_map__is_internal(map)) continue;
        const bool mapped = stats == StatsMap::mapped && bpf_map__name(map) == "pscan_stats"sv;
        const auto create = [map, &types, mapped] { return create_map(map, types, mapped); };
        if (lent == nullptr || bpf_map__type(map) != BPF_MAP_TYPE_HASH) {
            reuse(map, create().get());
            continue;
        }
        const SpareKind kind = kind_of(map, digest);
        const auto get = [lent, kind, create] { return lent->get(kind, create); };
        if (LentMaps::is_large(kind))
            large.emplace_back(map, get);
        else
            reuse(map, get());
    }
    reuse_side_by_side(large);
}

} // namespace portscan
