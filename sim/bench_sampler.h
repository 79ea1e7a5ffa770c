// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/bench_measure.h"
#include "sim/bench_tally.h"
#include "sim/random.h"

#include <cstdint>
#include <vector>

namespace portscan {

/// Durations of single packets in ns, and of the empty program over the same frames.
struct SingleRuns {
    LatencyHistogram path, empty;
};

/// Runs the packets of a path one by one. One for each thread; `threads` share the fresh
/// sources of a path.
class BenchSampler {
  public:
    BenchSampler(BenchStage &stage, const BenchPath &path, unsigned thread, unsigned threads);

    /// How many packets a batch may have: what fits between two calls of forget().
    std::uint32_t most() const { return most_; }
    /// Measures `count` packets, most() at most. Throws BenchError for another verdict.
    void run(bool warm, std::uint32_t count, SingleRuns &runs);
    /// Leaves the registry as it was; not for threads at the same time.
    void forget();

    const BenchTally &tally() const { return tally_; }

  private:
    std::vector<Address> draw(bool warm, std::uint32_t count);
    void prepare(const Address &source);
    std::uint32_t send(BenchStep &step, const Address &source);

    BenchStage &stage_;
    BenchPath path_;
    Random random_;
    BenchTally tally_;
    std::uint32_t most_;
    std::vector<Address> to_forget_;
};

} // namespace portscan
