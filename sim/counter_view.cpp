// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/counter_view.h"

#include <sys/mman.h>
#include <utility>

namespace portscan {
namespace {

constexpr std::size_t mapped_size = sizeof(std::uint64_t) * PORTSCAN_COUNTERS;

} // namespace

CounterView::CounterView(int map_fd) : map_{map_fd} {
    void *memory = mmap(nullptr, mapped_size, PROT_READ, MAP_SHARED, map_fd, 0);
    if (memory != MAP_FAILED) mapped_ = static_cast<const std::uint64_t *>(memory);
    mark();
}

CounterView::CounterView(CounterView &&other) noexcept :
    mapped_{std::exchange(other.mapped_, nullptr)},
    map_{other.map_},
    before_{other.before_} {}

CounterView &CounterView::operator=(CounterView &&other) noexcept {
    std::swap(mapped_, other.mapped_);
    std::swap(map_, other.map_);
    std::swap(before_, other.before_);
    return *this;
}

CounterView::~CounterView() {
    if (mapped_ != nullptr) munmap(const_cast<std::uint64_t *>(mapped_), mapped_size);
}

void CounterView::mark() {
    take();
}

CounterView::Change CounterView::take() {
    // The program has returned: nobody writes meanwhile, but the compiler must read anew.
    if (mapped_ != nullptr)
        return take(
            [this](std::size_t key) { return __atomic_load_n(mapped_ + key, __ATOMIC_RELAXED); });
    const Counters counters = map_.read();
    return take([&counters](std::size_t key) { return counters.values[key]; });
}

/// One pass, because it is made for each packet.
template <typename Counter>
CounterView::Change CounterView::take(const Counter &counter) {
    Change change;
    std::uint64_t moved = 0;
    for (std::size_t key = first; key <= last; ++key) {
        const std::uint64_t now = counter(key);
        const std::uint64_t by = now - std::exchange(before_[key - first], now);
        if (by == 0) continue;
        if (key <= PORTSCAN_LAST_REASON) {
            moved += by;
            change.reason = static_cast<Reason>(key - first);
        }
        change.inserted |= key == PORTSCAN_INSERTED;
        change.evicted |= key == PORTSCAN_EVICTIONS;
    }
    if (moved != 1) change.reason.reset();
    return change;
}

} // namespace portscan
