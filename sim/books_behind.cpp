// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/books_behind.h"

#include <utility>

namespace portscan {

FrameRuns BooksBehind::take_spare() {
    const std::lock_guard lock{mutex_};
    if (spares_.empty()) return {};
    FrameRuns spare = std::move(spares_.back());
    spares_.pop_back();
    return spare;
}

void BooksBehind::run(std::span<const CapturedFrame> frames) {
    FrameRuns runs = take_spare();
    replay_.run(frames, runs);
    const std::lock_guard lock{mutex_};
    unsettled_.push_back(std::move(runs));
}

void BooksBehind::settle(std::span<const CapturedFrame> frames) {
    std::unique_lock lock{mutex_};
    FrameRuns runs = std::move(unsettled_.front());
    unsettled_.pop_front();
    lock.unlock();
    replay_.settle(frames, runs);
    lock.lock();
    spares_.push_back(std::move(runs));
}

} // namespace portscan
