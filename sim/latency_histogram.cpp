// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/latency_histogram.h"

#include <algorithm>
#include <bit>

namespace portscan {

/// Durations of up to precision_bits + 1 bits have a cell each. Longer ones lose their low bits:
/// for each bit of length there are 2^precision_bits cells more.
std::size_t LatencyHistogram::cell_of(std::uint32_t duration_ns) {
    const int length = std::bit_width(duration_ns);
    const int dropped = std::max(length - static_cast<int>(precision_bits) - 1, 0);
    return (static_cast<std::size_t>(dropped) << precision_bits) + (duration_ns >> dropped);
}

std::uint64_t LatencyHistogram::highest_in(std::size_t cell) {
    const std::size_t rows = cell >> precision_bits;
    const std::size_t dropped = rows == 0 ? 0 : rows - 1;
    const std::uint64_t kept = cell - (dropped << precision_bits);
    return ((kept + 1) << dropped) - 1;
}

void LatencyHistogram::add(std::uint32_t duration_ns) {
    ++counts_[cell_of(duration_ns)];
    ++total_;
    max_ = std::max(max_, duration_ns);
}

void LatencyHistogram::clear() {
    counts_.fill(0);
    total_ = 0;
    max_ = 0;
}

std::uint64_t LatencyHistogram::percentile(std::uint64_t per_mille) const {
    const std::uint64_t rank = (total_ * per_mille + 999) / 1000;
    std::uint64_t seen = 0;
    for (std::size_t cell = 0; cell < cells; ++cell) {
        seen += counts_[cell];
        if (seen >= rank) return std::min<std::uint64_t>(highest_in(cell), max_);
    }
    return max_;
}

LatencyReport LatencyHistogram::report() const {
    if (total_ == 0) return {};
    return {.p50 = percentile(500),
            .p90 = percentile(900),
            .p99 = percentile(990),
            .p999 = percentile(999),
            .max = max_};
}

} // namespace portscan
