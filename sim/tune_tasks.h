// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

namespace portscan {

/// Counts what one thread does, and hands that on in lots, one thread at a time.
class TuneLot {
  public:
    using Tick = std::function<void(std::uint64_t)>; ///< empty: nobody wants to know

    /// Both must outlive it.
    TuneLot(const Tick &tick, std::mutex &ticking) : tick_(tick), ticking_(ticking) {}
    TuneLot(const TuneLot &) = delete;
    TuneLot &operator=(const TuneLot &) = delete;
    ~TuneLot() { hand_on(); }

    void count() {
        constexpr std::uint64_t lot = 256;
        if (++count_ == lot) hand_on();
    }

  private:
    void hand_on() {
        const std::lock_guard lock{ticking_};
        if (tick_) tick_(count_);
        count_ = 0;
    }

    const Tick &tick_;
    std::mutex &ticking_;
    std::uint64_t count_ = 0;
};

struct TuneTask {
    std::size_t group = 0; ///< of settings
    std::size_t capture = 0;
};

/// Shares groups of settings times captures out. Who has loaded a group goes on with it, since
/// loading takes longer than a small capture.
class TuneTaskList {
  public:
    TuneTaskList(std::size_t groups, std::size_t captures) : captures_(captures), next_(groups) {}

    std::optional<TuneTask> take(std::optional<std::size_t> loaded) {
        const std::lock_guard lock{taking_};
        // Untouched ones have the most left, and so come first.
        const auto furthest = std::min_element(next_.begin(), next_.end());
        const std::size_t group = loaded && next_[*loaded] < captures_
                                      ? *loaded
                                      : static_cast<std::size_t>(furthest - next_.begin());
        if (next_[group] == captures_) return std::nullopt;
        return TuneTask{.group = group, .capture = next_[group]++};
    }

  private:
    std::mutex taking_{};
    std::size_t captures_;
    std::vector<std::size_t> next_; ///< capture, of each group
};

} // namespace portscan
