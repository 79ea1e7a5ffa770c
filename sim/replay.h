// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture.h"
#include "sim/simulator.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace portscan {

/// Why a record was not run (SPEC section 4, "Captures").
enum class Skip : std::uint8_t { too_short, too_long, undecidable, outgoing };
std::string_view to_string(Skip skip);

/// One record of the capture, after it was run, skipped or left out.
struct FrameOutcome {
    std::uint64_t number = 0;
    std::uint64_t time_ns = 0;             ///< the program's clock: held where time runs backwards
    std::optional<RunResult> result;       ///< nothing: not run
    std::optional<Skip> skip;              ///< nothing: run, or not selected
};

/// One block of a source.
struct BlockReport {
    std::uint64_t at_ns = 0;
    std::uint64_t frame = 0;               ///< 0: blocked by an action
    std::optional<std::uint16_t> trigger_port;
    std::optional<std::uint64_t> until_ns; ///< nothing: until unblocked
};

enum class SourceState : std::uint8_t { active, expired, evicted, unblocked };
std::string_view to_string(SourceState state);

struct SourceReport {
    Prefix address;
    SourceState state = SourceState::active;
    bool blocked = false;                  ///< in force at the end
    std::vector<std::uint16_t> ports;      ///< recorded, in order, at the latest block or record
    std::uint64_t probes = 0;
    std::uint64_t packets = 0;
    std::uint64_t dropped = 0;
    std::uint64_t first_seen_ns = 0;
    std::vector<BlockReport> blocks;
};

/// Percentiles of single packets, in ns, the harness' floor included.
struct LatencyReport {
    std::uint64_t p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0;
};

/// What `replay --json` prints for one capture.
struct ReplayReport {
    std::string capture;
    std::uint64_t packets = 0;             ///< every record of the file
    std::array<std::uint64_t, 5> verdicts{}; ///< by Verdict
    std::map<std::string, std::uint64_t> skipped; ///< by reason, those above 0
    std::uint64_t not_selected = 0;
    std::uint64_t time_held = 0;           ///< records earlier than the one before
    Counters counters;
    LatencyReport latency;
    /// All that were ever blocked, then others up to the limit, in order of first appearance.
    std::vector<SourceReport> sources;
    std::uint64_t sources_omitted = 0;
    std::string damage;                    ///< why reading ended early; empty: it did not
};

struct ReplayOptions {
    std::uint64_t report_sources = 100'000;
};

/// Feeds frames to a simulator in captured time, its expirer included, and keeps the books.
class Replay {
  public:
    Replay(Simulator &simulator, ReplayOptions options = {});
    Replay(Replay &&) noexcept;
    ~Replay();

    FrameOutcome feed(const CapturedFrame &frame);
    /// Moves the clock to `time_ns` (never backwards), running the expirer when it is due.
    void advance_to(std::uint64_t time_ns);
    /// Actions of scenarios, at the current time.
    void unblock(std::string_view address);
    void block(std::string_view address);
    void allow(std::string_view prefix);
    void disallow(std::string_view prefix);
    void expire();

    /// The books so far. The replay goes on after it (`--continue`).
    ReplayReport report();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace portscan
