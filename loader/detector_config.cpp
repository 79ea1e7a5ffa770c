// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/detector_config.h"

#include "bpf/portscan.h"

#include <algorithm>
#include <array>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <span>
#include <system_error>

namespace portscan {
namespace {

[[noreturn]] void fail_layout(const std::string &what) {
    throw std::system_error(EINVAL, std::generic_category(),
                            fmt::format("{}: not a detector of this version", what));
}

/// What .rodata is loaded with.
std::span<std::byte> rodata_memory(bpf_object *object) {
    std::size_t size = 0;
    bpf_map *const map = configuration_map(object);
    auto *memory = static_cast<std::byte *>(const_cast<void *>(bpf_map__initial_value(map, &size)));
    return {memory, size};
}

/// Memory of a variable in .rodata, by its name in the object's BTF.
std::span<std::byte> rodata_variable(bpf_object *object, const char *name, std::size_t size) {
    const std::span memory = rodata_memory(object);
    const btf *types = bpf_object__btf(object);
    const int section =
        types == nullptr ? -1 : btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
    if (section < 0) fail_layout("object has no configuration");

    const btf_type *type = btf__type_by_id(types, static_cast<__u32>(section));
    const std::span variables{btf_var_secinfos(type), btf_vlen(type)};
    for (const auto &variable : variables) {
        const btf_type *candidate = btf__type_by_id(types, variable.type);
        if (std::strcmp(btf__name_by_offset(types, candidate->name_off), name) != 0) continue;
        if (variable.size != size || variable.offset + size > memory.size()) break;
        return memory.subspan(variable.offset, size);
    }
    fail_layout(fmt::format("variable {} of the object", name));
}

template <typename T>
void write_variable(bpf_object *object, const char *name, const T &value) {
    std::memcpy(rodata_variable(object, name, sizeof(value)).data(), &value, sizeof(value));
}

/// A timestamp is rewritten once it is min(window/64, 1 s) old (docs/detection.md, "Time").
std::uint64_t refresh_ns(std::chrono::nanoseconds window) {
    // At least 1: a timestamp never goes back, however short the window.
    return static_cast<std::uint64_t>(
        std::clamp<std::chrono::nanoseconds>(window / 64, std::chrono::nanoseconds{1},
                                             std::chrono::seconds{1})
            .count());
}

void write_mask(unsigned length, __u64 (&mask_be)[2]) {
    Address ones{.family = Address::Family::ipv6};
    ones.bytes.fill(0xff);
    const Address mask = ones.masked(length);
    std::memcpy(mask_be, mask.bytes.data(), sizeof(mask_be));
}

portscan_config make_config(const DetectorOptions &options, bool frags) {
    portscan_config config{};
    config.window = static_cast<__u64>(options.window.count());
    config.block_for =
        static_cast<__u64>(options.block_for.value_or(std::chrono::nanoseconds{0}).count());
    config.refresh = refresh_ns(options.window);
    write_mask(options.ipv6_prefix, config.ipv6_mask_be);
    config.family[PORTSCAN_IPV4] = {options.max_sources - options.blocked_limit(),
                                    options.blocked_limit()};
    config.family[PORTSCAN_IPV6] = {options.max_sources6 - options.blocked_limit6(),
                                    options.blocked_limit6()};
    config.max_ports = options.max_ports;
    config.scope = static_cast<__u32>(options.block_scope);
    config.dry_run = options.dry_run;
    config.ignores_ports = !options.ignore_ports.empty();
    config.frags = frags;
    config.ipv6_prefix = static_cast<__u8>(options.ipv6_prefix);
    config.layout = PORTSCAN_LAYOUT;
    return config;
}

std::array<__u64, PORTSCAN_IGNORE_WORDS> port_bits(const std::vector<PortRange> &ranges) {
    std::array<__u64, PORTSCAN_IGNORE_WORDS> bits{};
    for (const auto &range : ranges)
        for (unsigned port = range.first; port <= range.last; ++port)
            bits[port / 64] |= 1ULL << (port % 64);
    return bits;
}

std::vector<PortRange> port_ranges(const std::array<__u64, PORTSCAN_IGNORE_WORDS> &bits) {
    std::vector<PortRange> ranges;
    for (unsigned port = 0; port <= 65535; ++port) {
        if ((bits[port / 64] >> (port % 64) & 1) == 0) continue;
        const auto number = static_cast<std::uint16_t>(port);
        if (!ranges.empty() && ranges.back().last + 1U == port)
            ranges.back().last = number;
        else
            ranges.push_back({number, number});
    }
    return ranges;
}

/// The inverse of make_config.
DetectorOptions options_of(const portscan_config &config) {
    DetectorOptions options;
    options.max_ports = config.max_ports;
    options.window = std::chrono::nanoseconds{config.window};
    if (config.block_for != 0) options.block_for = std::chrono::nanoseconds{config.block_for};
    options.block_scope = static_cast<BlockScope>(config.scope);
    options.ipv6_prefix = config.ipv6_prefix;
    const auto &[four, six] = config.family;
    options.max_sources = four.queue_slots + four.max_blocked;
    options.max_sources6 = six.queue_slots + six.max_blocked;
    options.max_blocked = four.max_blocked;
    options.max_blocked6 = six.max_blocked;
    options.dry_run = config.dry_run != 0;
    return options;
}

void set_size(bpf_object *object, const char *name, std::uint32_t entries) {
    bpf_map *map = bpf_object__find_map_by_name(object, name);
    if (map == nullptr || bpf_map__set_max_entries(map, entries) != 0)
        fail_layout(fmt::format("map {} of the object", name));
}

void set_sizes(bpf_object *object, const DetectorOptions &options, const portscan_config &config) {
    const bool more_ports = options.max_ports > PORTSCAN_RECORD_PORTS;
    set_size(object, "pscan_ip_reg", options.max_sources);
    set_size(object, "pscan_ip6_reg", options.max_sources6);
    set_size(object, "pscan_ports", more_ports ? options.max_sources : 1);
    set_size(object, "pscan_ports6", more_ports ? options.max_sources6 : 1);
    set_size(object, "pscan_queue", config.family[PORTSCAN_IPV4].queue_slots);
    set_size(object, "pscan_queue6", config.family[PORTSCAN_IPV6].queue_slots);
}

} // namespace

bpf_map *configuration_map(bpf_object *object) {
    bpf_map *map = nullptr;
    bpf_object__for_each_map(map, object) {
        if (std::string_view{bpf_map__name(map)}.ends_with(".rodata")) return map;
    }
    fail_layout("object has no configuration");
}

std::optional<DetectorOptions> configured_options(bpf_object *object,
                                                  std::span<const std::byte> rodata) {
    const auto own = rodata_variable(object, "config", sizeof(portscan_config));
    std::array<__u64, PORTSCAN_IGNORE_WORDS> bits{};
    const auto own_bits = rodata_variable(object, "ignored_ports", sizeof(bits));
    const std::span whole = rodata_memory(object);
    if (rodata.size() != whole.size()) return std::nullopt;
    portscan_config config{};
    std::memcpy(&config, rodata.data() + (own.data() - whole.data()), sizeof(config));
    std::memcpy(bits.data(), rodata.data() + (own_bits.data() - whole.data()), sizeof(bits));
    if (config.layout != PORTSCAN_LAYOUT) return std::nullopt;
    DetectorOptions options = options_of(config);
    options.ignore_ports = port_ranges(bits);
    return options;
}

void configure(bpf_object *object, const DetectorOptions &options, bool frags) {
    static_assert(static_cast<int>(BlockScope::tcp) == PORTSCAN_SCOPE_TCP);
    static_assert(static_cast<int>(BlockScope::probes) == PORTSCAN_SCOPE_PROBES);
    static_assert(static_cast<int>(BlockScope::all) == PORTSCAN_SCOPE_ALL);
    const portscan_config config = make_config(options, frags);
    write_variable(object, "config", config);
    write_variable(object, "ignored_ports", port_bits(options.ignore_ports));
    set_sizes(object, options, config);
}

} // namespace portscan
