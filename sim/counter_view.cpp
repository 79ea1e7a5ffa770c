// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/counter_view.h"

#include <algorithm>
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

CounterView::Values CounterView::current() const {
    Values values{};
    if (mapped_ != nullptr) {
        // The program has returned: nobody writes meanwhile, but the compiler must read anew.
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = __atomic_load_n(mapped_ + i, __ATOMIC_RELAXED);
    } else {
        const Counters counters = map_.read();
        std::copy(counters.values.begin(), counters.values.end(), values.begin());
    }
    return values;
}

void CounterView::mark() {
    before_ = current();
}

CounterView::Change CounterView::take() {
    const Values now = current();
    Change change{.reason = std::nullopt,
                  .inserted = now[PORTSCAN_INSERTED] != before_[PORTSCAN_INSERTED]};
    std::uint64_t moved = 0;
    for (std::size_t key = PORTSCAN_FIRST_REASON; key <= PORTSCAN_LAST_REASON; ++key) {
        const std::uint64_t by = now[key] - before_[key];
        if (by == 0) continue;
        moved += by;
        change.reason = static_cast<Reason>(key - PORTSCAN_FIRST_REASON);
    }
    if (moved != 1) change.reason.reset();
    before_ = now;
    return change;
}

} // namespace portscan
