// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/capture_clock.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <sys/mman.h>
#include <system_error>

namespace portscan {

CaptureClock::CaptureClock() {
    LIBBPF_OPTS(bpf_map_create_opts, options);
    options.map_flags = BPF_F_MMAPABLE;
    map_ = FileDescriptor{bpf_map_create(BPF_MAP_TYPE_ARRAY, "psim_clock", sizeof(__u32),
                                         sizeof(std::uint64_t), 1, &options)};
    if (map_.get() < 0) throw std::system_error(errno, std::generic_category(), "create clock map");
    void *memory =
        mmap(nullptr, sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, map_.get(), 0);
    if (memory == MAP_FAILED)
        throw std::system_error(errno, std::generic_category(), "map clock into memory");
    time_ = static_cast<std::uint64_t *>(memory);
}

CaptureClock::CaptureClock(CaptureClock &&other) noexcept :
    map_{std::move(other.map_)},
    time_{std::exchange(other.time_, nullptr)} {}

CaptureClock &CaptureClock::operator=(CaptureClock &&other) noexcept {
    std::swap(map_, other.map_);
    std::swap(time_, other.time_);
    return *this;
}

CaptureClock::~CaptureClock() {
    if (time_ != nullptr) munmap(time_, sizeof(std::uint64_t));
}

std::uint64_t CaptureClock::time_ns() const {
    return __atomic_load_n(time_, __ATOMIC_RELAXED);
}

void CaptureClock::set(std::uint64_t time_ns) {
    __atomic_store_n(time_, time_ns, __ATOMIC_RELAXED);
}

} // namespace portscan
