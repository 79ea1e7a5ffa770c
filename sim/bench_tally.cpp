// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bench_tally.h"

#include <fmt/format.h>

namespace portscan {

void BenchTally::add(const BenchTally &other) {
    for (std::size_t i = 0; i < reason_count; ++i) expected_[i] += other.expected_[i];
}

std::uint64_t BenchTally::counted(const char *name) const {
    return stage_.counters().find(name).value() - before_.find(name).value();
}

void BenchTally::check(const BenchPath &path, const BenchLevel &level) const {
    const std::string what = fmt::format("{}, {} sources", path.name, level.name());
    const Counters now = stage_.counters();
    for (std::size_t i = 0; i < reason_count; ++i) {
        const auto reason = static_cast<Reason>(i);
        const std::uint64_t packets = now.of(reason) - before_.of(reason);
        if (packets != expected_[i])
            throw BenchError(fmt::format(
                "{}: {} packets counted as {}, {} should have been: do the options allow, ignore "
                "or forget what is measured?",
                what, packets, to_string(reason), expected_[i]));
    }
    // In a full registry whatever is new displaces something.
    if (!path.is_steady() && (path.evicts || !level.is_full())) check_evictions(what, path.evicts);
}

void BenchTally::check_evictions(const std::string &what, bool evicts) const {
    const std::uint64_t inserted = counted("inserted");
    const std::uint64_t evictions = counted("evictions");
    // Some of those displaced may have gone before.
    if (evicts && evictions < inserted - inserted / 10)
        throw BenchError(
            fmt::format("{}: {} of {} new sources displaced another", what, evictions, inserted));
    if (!evicts && evictions != 0)
        throw BenchError(fmt::format(
            "{}: {} records were evicted, none should have been: give fewer --samples or more "
            "--max-sources and --max-sources6",
            what, evictions));
}

} // namespace portscan
