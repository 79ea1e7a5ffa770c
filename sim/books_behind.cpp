// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/books_behind.h"

#include <stdexcept>
#include <utility>

namespace portscan {

void BooksBehind::hand_over() {
    FrameRuns run = std::exchange(current_, {});
    const std::lock_guard lock{mutex_};
    unsettled_.push_back(std::move(run));
    if (spares_.empty()) return;
    current_ = std::move(spares_.back());
    spares_.pop_back();
}

void BooksBehind::settle(std::span<const CapturedFrame> batch) {
    std::unique_lock lock{mutex_};
    if (unsettled_.empty()) throw std::logic_error("a batch is to be settled that was not run");
    FrameRuns runs = std::move(unsettled_.front());
    unsettled_.pop_front();
    lock.unlock();
    replay_.settle(batch, runs);
    runs.clear();
    lock.lock();
    spares_.push_back(std::move(runs));
}

} // namespace portscan
