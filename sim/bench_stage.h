// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/allowlist.h"
#include "loader/counters.h"
#include "loader/detector.h"
#include "loader/events.h"
#include "loader/file_descriptor.h"
#include "loader/mapped_state.h"
#include "loader/registry.h"
#include "sim/bench_path.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace portscan {

/// The detector did not judge a packet as its path says: what was measured is something else. A
/// failure of the harness.
class BenchError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// How many sources of each family the registry holds while a path is measured, half of them
/// blocks.
struct BenchLevel {
    std::uint32_t sources = 0; ///< 0: the registry is full

    bool is_full() const { return sources == 0; }
    std::string name() const; ///< `100000`, `full`
};

/// Which detector is measured. Families that no path needs stay empty.
struct BenchSetup {
    DetectorOptions options; ///< those of the command line; sizes are raised to the level's
    std::string object_path; ///< empty: the embedded object
    BenchSetting setting = BenchSetting::plain;
    BenchLevel level;
    std::array<bool, 2> families{true, true}; ///< IPv4, IPv6
    /// New sources of a family that come while measuring: none shall displace another unless the
    /// registry is full.
    std::uint32_t insertions = 0;
};

/// A detector as loaded, on the kernel's clock, with sources in its registry that packets brought
/// there, and an empty program as the floor. Throws std::system_error where the kernel refuses and
/// BenchError where the detector judges the packets otherwise.
class BenchStage {
  public:
    explicit BenchStage(const BenchSetup &setup);

    int program() const { return detector_.program(); }
    /// Passes everything; loaded with the same flags.
    int empty_program() const { return empty_.get(); }
    const DetectorOptions &options() const { return options_; }
    const BenchLevel &level() const { return level_; }

    /// How many sources there are of that kind; of fresh ones, how many may be used before they are
    /// forgotten.
    std::uint32_t count(BenchSources sources, bool ipv6) const;
    /// Number `index` of them, below count(); of fresh ones any index.
    static Address source(const BenchPath &path, std::uint32_t index);

    /// The index of a fresh source that nobody had yet. From any thread.
    std::uint32_t take_fresh() { return next_fresh_++; }

    Counters counters() const { return counters_.read(); }
    /// Takes a source out of the registry.
    void forget(const Address &source);
    /// Makes room for events, which cost less where there is none.
    void drain_events() { events_.take(); }

  private:
    void fill(bool ipv6);
    void probe(bool ipv6, BenchSources sources, std::uint32_t count, unsigned ports);

    BenchLevel level_;
    DetectorOptions options_;
    Detector detector_;
    FileDescriptor empty_;
    MappedState state_;
    CounterMap counters_;
    Registry registry_;
    Allowlist allowlist_;
    EventReader events_;
    BenchSetting setting_;
    std::atomic<std::uint32_t> next_fresh_ = 0;
};

} // namespace portscan
