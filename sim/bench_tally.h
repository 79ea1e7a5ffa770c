// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/bench_stage.h"
#include "sim/test_run.h"

#include <array>
#include <cstdint>

namespace portscan {

/// What the detector should have counted since this was made, beside what it has.
class BenchTally {
  public:
    explicit BenchTally(const BenchStage &stage) : stage_{stage}, before_{stage.counters()} {}

    /// Packets that were run, and what was to become of them.
    void expect(Reason reason, std::uint64_t packets = 1) {
        expected_[static_cast<std::size_t>(reason)] += packets;
    }
    void add(const BenchTally &other);

    /// Throws BenchError where the counters say otherwise, and where records were evicted that
    /// should not have been, or were not.
    void check(const BenchPath &path, const BenchLevel &level) const;

  private:
    void check_evictions(const std::string &what, bool evicts) const;
    std::uint64_t counted(const char *name) const;

    const BenchStage &stage_;
    Counters before_;
    std::array<std::uint64_t, reason_count> expected_{};
};

} // namespace portscan
