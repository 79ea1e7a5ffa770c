// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>

namespace portscan {

/// Permits `burst` events at once and `per_second` of them in the long run. Both at least 1. The
/// clock is handed in, in ns; one that runs backwards stands still.
class TokenBucket {
  public:
    TokenBucket(std::uint64_t burst, std::uint64_t per_second) :
        cost_ns_{1'000'000'000 / per_second},
        full_ns_{burst * cost_ns_},
        level_ns_{full_ns_} {}

    /// Takes a token; false where there is none.
    bool take(std::uint64_t now_ns) {
        refill(now_ns);
        if (level_ns_ < cost_ns_) return false;
        level_ns_ -= cost_ns_;
        return true;
    }

    /// When the next token is there: `now_ns` or later.
    std::uint64_t next_ns(std::uint64_t now_ns) {
        refill(now_ns);
        return level_ns_ >= cost_ns_ ? now_ns : now_ns + cost_ns_ - level_ns_;
    }

  private:
    void refill(std::uint64_t now_ns) {
        if (now_ns <= last_ns_) return;
        level_ns_ = std::min(full_ns_ - level_ns_, now_ns - last_ns_) + level_ns_;
        last_ns_ = now_ns;
    }

    std::uint64_t cost_ns_;
    std::uint64_t full_ns_;
    std::uint64_t level_ns_; ///< tokens, as the time it takes to earn them
    std::uint64_t last_ns_ = 0;
};

} // namespace portscan
