// SPDX-License-Identifier: GPL-2.0-or-later
// The designs that were weighed, as three objects and the map types they are loaded with.
#include "bpf/portscan.h"
#include "sim/bench/registry/variants/settings.h" // the skeletons name both

#include "bpf/registry_locked.skel.h"
#include "bpf/registry_plain.skel.h"
#include "bpf/registry_word.skel.h"
#include "loader/libbpf_log.h"
#include "sim/bench/registry/subject.h"

#include <bpf/libbpf.h>
#include <cerrno>
#include <fmt/format.h>
#include <string_view>
#include <system_error>

namespace portscan::bench {
namespace {

using ElfBytes = const void *(*)(std::size_t *);

struct Variant {
    const char *name;
    const char *fails;
    ElfBytes object;
    bpf_map_type type = BPF_MAP_TYPE_HASH;
    std::uint32_t map_flags = 0;
    bool every_probe_writes = false;
    bool lock_always = false;
    bool queue = false;
    bool displace = false;
};

constexpr std::uint64_t default_refresh_ns = 937'500'000;

const Variant variants[] = {
    {.name = "hash, plain fields, each probe writes (ancestor)",
     .fails = "two CPUs overwrite each other's ports; full: no new source is recorded",
     .object = registry_plain__elf_bytes,
     .every_probe_writes = true},
    {.name = "hash, plain fields",
     .fails = "two CPUs overwrite each other's ports; full: no new source is recorded",
     .object = registry_plain__elf_bytes},
    {.name = "hash, spin lock always",
     .fails = "two CPUs wait for each other at each packet of a blocked source; no queue here, so "
              "full: no new source is recorded",
     .object = registry_locked__elf_bytes,
     .lock_always = true},
    {.name = "hash, spin lock for changes",
     .fails =
         "user space sees torn records unless it asks for the lock, which bpftool does not; an "
         "expiry pass over locked values is refused on 6.1; no queue here, so full: no new "
         "source is recorded",
     .object = registry_locked__elf_bytes},
    {.name = "hash, one word by compare-and-swap, queue (chosen)",
     .fails = "",
     .object = registry_word__elf_bytes,
     .queue = true},
    {.name = "hash, an insertion and a deletion (what the kernel takes)",
     .fails = "whoever has the place goes, blocks in force too",
     .object = registry_word__elf_bytes,
     .queue = true,
     .displace = true},
    {.name = "LRU hash, one word",
     .fails = "evicts blocks in force, keeps fewer than its size",
     .object = registry_word__elf_bytes,
     .type = BPF_MAP_TYPE_LRU_HASH},
    {.name = "hash not preallocated, one word, queue",
     .fails = "memory is taken at each insertion, so that one may fail under a flood",
     .object = registry_word__elf_bytes,
     .map_flags = BPF_F_NO_PREALLOC,
     .queue = true},
    {.name = "per-CPU hash, plain fields",
     .fails = "each CPU counts for itself: the ports that pass, and the memory, times the CPUs",
     .object = registry_plain__elf_bytes,
     .type = BPF_MAP_TYPE_PERCPU_HASH},
};

bpf_map *rodata_of(bpf_object *object) {
    bpf_map *map = nullptr;
    bpf_object__for_each_map(map, object) {
        if (std::string_view{bpf_map__name(map)}.ends_with(".rodata")) return map;
    }
    throw std::system_error(ENOENT, std::generic_category(), "variant has no settings");
}

void configure(bpf_object *object, const Variant &variant, const Sizes &sizes) {
    const variant_settings settings{
        .refresh = variant.every_probe_writes ? 0 : default_refresh_ns,
        .queue_slots = variant.queue ? sizes.unblocked : 0,
        .lock_always = variant.lock_always,
        .displace = variant.displace,
    };
    if (const int error =
            bpf_map__set_initial_value(rodata_of(object), &settings, sizeof(settings));
        error != 0)
        throw std::system_error(-error, std::generic_category(), "configure variant");
    bpf_map *registry = bpf_object__find_map_by_name(object, "registry");
    bpf_map__set_type(registry, variant.type);
    bpf_map__set_map_flags(registry, variant.map_flags);
    bpf_map__set_max_entries(registry, sizes.sources);
    if (variant.queue)
        bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "queue"), sizes.unblocked);
}

Subject load(const Variant &variant, const Sizes &sizes) {
    const LibbpfLog log;
    std::size_t size = 0;
    const void *bytes = variant.object(&size);
    const std::shared_ptr<bpf_object> object{bpf_object__open_mem(bytes, size, nullptr),
                                             bpf_object__close};
    if (!object) throw std::system_error(errno, std::generic_category(), "open variant");
    configure(object.get(), variant, sizes);
    if (const int error = bpf_object__load(object.get()); error != 0)
        throw std::system_error(-error, std::generic_category(),
                                fmt::format("load '{}': {}", variant.name, log.reason()));
    Subject subject{.owner = object,
                    .program =
                        bpf_program__fd(bpf_object__find_program_by_name(object.get(), "judge")),
                    .registry = bpf_object__find_map_fd_by_name(object.get(), "registry")};
    if (variant.queue) subject.queue = bpf_object__find_map_fd_by_name(object.get(), "queue");
    return subject;
}

} // namespace

std::vector<Candidate> candidates(const std::string &object_path) {
    std::vector<Candidate> all;
    for (const Variant &variant : variants)
        all.push_back({.name = variant.name,
                       .fails = variant.fails,
                       .evicts = variant.queue || variant.type == BPF_MAP_TYPE_LRU_HASH,
                       .load = [&variant](const Sizes &sizes) { return load(variant, sizes); }});
    all.push_back(
        {.name = "the shipped detector",
         .fails = "",
         .evicts = true,
         .load = [object_path](const Sizes &sizes) { return load_detector(sizes, object_path); }});
    return all;
}

} // namespace portscan::bench
