// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>

namespace portscan {

/// SplitMix64: the same numbers for the same seed on every platform, which the distributions of
/// <random> do not promise. A stream is an independent sequence of the same seed, so that the
/// thousandth connection can be made without the first 999.
class Random {
  public:
    explicit Random(std::uint64_t seed, std::uint64_t stream = 0) :
        state_(mix(seed) ^ mix(~stream)) {}

    std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15); }
    /// 0..limit-1; limit above 0. The bias is limit / 2^64.
    std::uint64_t below(std::uint64_t limit) { return next() % limit; }
    /// first..last, both included.
    std::uint64_t between(std::uint64_t first, std::uint64_t last) {
        return first + below(last - first + 1);
    }
    std::uint16_t ephemeral_port() { return static_cast<std::uint16_t>(between(32768, 60999)); }

  private:
    static constexpr std::uint64_t mix(std::uint64_t z) {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    std::uint64_t state_;
};

} // namespace portscan
