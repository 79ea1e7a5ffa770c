// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/counter_view.h"

#include <bit>
#include <sys/mman.h>
#include <utility>

namespace portscan {
namespace {

constexpr std::size_t mapped_size = sizeof(std::uint64_t) * PORTSCAN_COUNTERS;

/// The program has returned: nobody writes meanwhile, but the compiler must read anew.
std::uint64_t read(const std::uint64_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/// Bit i: the values i differ. Unrolled.
template <std::size_t... i>
std::uint32_t differences(const std::uint64_t *now,
                          const std::array<std::uint64_t, sizeof...(i)> &before,
                          std::index_sequence<i...>) {
    return (0U | ... | (std::uint32_t{read(now + i) != before[i]} << i));
}

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
    if (mapped_ != nullptr) return change_to(mapped_ + first);
    const Counters counters = map_.read();
    return change_to(counters.values.data() + first);
}

/// For each packet: which counters moved is found without a branch for each of them.
CounterView::Change CounterView::change_to(const std::uint64_t *now) {
    constexpr auto bit = [](std::size_t key) { return std::uint32_t{1} << (key - first); };
    constexpr std::uint32_t reasons = 2 * bit(PORTSCAN_LAST_REASON) - 1;
    const std::uint32_t moved = differences(now, before_, std::make_index_sequence<watched>{});
    Change change{.inserted = (moved & bit(PORTSCAN_INSERTED)) != 0,
                  .evicted = (moved & bit(PORTSCAN_EVICTIONS)) != 0};
    for (std::uint32_t left = moved; left != 0; left &= left - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(left));
        const std::uint64_t value = read(now + i);
        const std::uint64_t by = value - std::exchange(before_[i], value);
        if (std::has_single_bit(moved & reasons) && i <= PORTSCAN_LAST_REASON - first && by == 1)
            change.reason = static_cast<Reason>(i);
    }
    return change;
}

} // namespace portscan
