// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bench/registry/subject.h"

#include "bpf/portscan.h"
#include "loader/file_descriptor.h"
#include "loader/passing_program.h"
#include "sim/bench/registry/frames.h"

#include <algorithm>
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace portscan::bench {
namespace {

/// Bytes of one element as user space reads and writes it, and of each CPU's copy in it.
struct ValueLayout {
    std::size_t copy = 0;
    std::size_t copies = 1;

    std::size_t size() const { return copy * copies; }
};

bpf_map_info info_of(int map_fd) {
    bpf_map_info info{};
    __u32 size = sizeof(info);
    if (bpf_obj_get_info_by_fd(map_fd, &info, &size) != 0)
        throw std::system_error(errno, std::generic_category(), "describe registry");
    return info;
}

ValueLayout layout_of(const bpf_map_info &info) {
    if (info.type != BPF_MAP_TYPE_PERCPU_HASH) return {.copy = info.value_size};
    const auto copy = (std::size_t{info.value_size} + 7) / 8 * 8;
    return {.copy = copy, .copies = static_cast<std::size_t>(libbpf_num_possible_cpus())};
}

std::uint32_t key_of(std::uint32_t number) {
    return htonl(source_address(number));
}

portscan_record block_record() {
    portscan_record record{};
    record.blocked = 1;
    record.count = PORTSCAN_RECORD_PORTS;
    record.port1 = 1;
    record.port2 = 2;
    record.port3 = 3;
    return record;
}

std::uint64_t map_memory(int map_fd) {
    std::ifstream file{fmt::format("/proc/self/fdinfo/{}", map_fd)};
    for (std::string word; file >> word;)
        if (std::uint64_t bytes = 0; word == "memlock:" && file >> bytes) return bytes;
    throw std::runtime_error("this kernel does not report the memory of a map");
}

} // namespace

Subject load_detector(const Sizes &sizes, const std::string &object_path) {
    const DetectorOptions options{.max_sources = sizes.sources,
                                  .max_blocked = std::max(sizes.sources - sizes.unblocked, 1U)};
    const auto detector =
        std::make_shared<Detector>(Detector::load(options, {.object_path = object_path}));
    return {.owner = detector,
            .program = detector->program(),
            .registry = detector->maps().ip_reg,
            .queue = detector->maps().queue};
}

Subject load_empty_program() {
    const auto program = std::make_shared<FileDescriptor>(load_passing_program(BPF_PROG_TYPE_XDP));
    if (program->get() < 0)
        throw std::system_error(errno, std::generic_category(), "load empty program");
    return {.owner = program, .program = program->get()};
}

std::uint64_t kernel_memory(const Subject &subject) {
    return map_memory(subject.registry) + (subject.queue >= 0 ? map_memory(subject.queue) : 0);
}

std::uint32_t element_count(const Subject &subject) {
    const ValueLayout layout = layout_of(info_of(subject.registry));
    std::uint32_t total = 0;
    std::vector<std::uint32_t> keys(65'536);
    std::vector<std::uint8_t> values(keys.size() * layout.size());
    std::uint64_t position = 0;
    for (bool first = true, more = true; more; first = false) {
        std::uint64_t next = 0;
        auto count = static_cast<__u32>(keys.size());
        const int error = bpf_map_lookup_batch(subject.registry, first ? nullptr : &position, &next,
                                               keys.data(), values.data(), &count, nullptr);
        if (error != 0 && error != -ENOENT)
            throw std::system_error(-error, std::generic_category(), "count registry");
        total += count;
        more = error == 0;
        position = next;
    }
    return total;
}

void add_blocks(const Subject &subject, std::uint32_t first, std::uint32_t count) {
    const ValueLayout layout = layout_of(info_of(subject.registry));
    const portscan_record record = block_record();
    std::vector<std::uint8_t> value(layout.size());
    for (std::size_t copy = 0; copy < layout.copies; ++copy)
        std::memcpy(&value[copy * layout.copy], &record, sizeof(record));
    for (std::uint32_t number = first; number != first + count; ++number) {
        const std::uint32_t key = key_of(number);
        if (bpf_map_update_elem(subject.registry, &key, value.data(), BPF_NOEXIST) != 0)
            throw std::system_error(errno, std::generic_category(), "add blocks");
    }
}

std::uint32_t count_blocks(const Subject &subject, std::uint32_t first, std::uint32_t count) {
    const ValueLayout layout = layout_of(info_of(subject.registry));
    std::vector<std::uint8_t> value(layout.size());
    std::uint32_t blocks = 0;
    for (std::uint32_t number = first; number != first + count; ++number) {
        const std::uint32_t key = key_of(number);
        portscan_record record{};
        if (bpf_map_lookup_elem(subject.registry, &key, value.data()) != 0) continue;
        std::memcpy(&record, value.data(), sizeof(record));
        blocks += record.blocked;
    }
    return blocks;
}

} // namespace portscan::bench
