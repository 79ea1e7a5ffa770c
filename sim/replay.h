// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture.h"
#include "sim/frame_fitter.h"
#include "sim/replay_latency.h"
#include "sim/simulator.h"
#include "sim/source_report.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace portscan {

struct Dissection;
struct FrameRuns;

/// One record of the capture, after it was run, skipped or left out.
struct FrameOutcome {
    std::uint64_t number = 0;
    std::uint64_t time_ns = 0;       ///< of the capture, held where it runs backwards
    std::optional<RunResult> result; ///< nothing: not run
    std::optional<Skip> skip;        ///< nothing: run, or not selected

    // What changed the state of sources (sim/state_log.h).
    std::optional<ExpiryReport> pass{}; ///< an expiry pass before the packet
    const BlockEvent *block = nullptr;  ///< that it brought about; valid until the next frame
    std::optional<std::uint64_t> blocked_until{}; ///< the end of that block
    bool block_over = false;       ///< a source that starts afresh, whose record before was a block
    std::optional<Address> host{}; ///< with a replay for each host, the one that received it
};

/// An outcome is valid during the call.
using OutcomeVisitor = std::function<void(const CapturedFrame &, const FrameOutcome &)>;

/// How far a replay for each host got (sim/host_replay.h).
struct HostCounts {
    std::uint64_t replayed = 0;         ///< hosts
    std::uint64_t left_out_packets = 0; ///< for hosts beyond the most that are replayed
};

/// What `replay --json` prints for one capture.
struct ReplayReport {
    std::string capture;                          ///< its name; for the caller to fill in
    std::uint64_t packets = 0;                    ///< every record of the file
    std::array<std::uint64_t, 5> verdicts{};      ///< by Verdict
    std::map<std::string, std::uint64_t> skipped; ///< by reason, those above 0
    std::uint64_t not_selected = 0;
    std::uint64_t time_held = 0; ///< records earlier than the clock, which stood still for them
    std::uint64_t first_ns = 0;  ///< time of the first record
    std::uint64_t last_ns = 0;   ///< of the clock at the end
    Counters counters;           ///< of this capture; the size of the registry is that at the end
    ExpiryReport expiry; ///< freed and lifted: by all passes; left: by the last one, at the end
    LatencyReport latency;
    /// All that were ever blocked, then others up to the limit, in order of first appearance.
    std::vector<SourceReport> sources;
    std::uint64_t sources_omitted = 0;
    std::optional<HostCounts> hosts{};
    std::string damage; ///< why reading ended early; empty: it did not. For the caller to fill in
};

struct ReplayOptions {
    std::uint64_t report_sources = 100'000; ///< sources reported beside those ever blocked
    Clock clock = Clock::capture;           ///< that of the simulator
    bool details = false;                   ///< SourceReport::record and ::events are wanted
    bool floor = false; ///< LatencyReport::empty is wanted: some frames are run twice for it
};

/// Feeds frames to a simulator in captured time, its expirer included, and keeps the books. What
/// the program did is taken from the program; no rule of detection is decided here.
///
/// With Clock::wall the program's clock and the expirer's are left alone: passes run by wall time.
class Replay {
  public:
    /// The simulator must outlive the replay, and be fed by nobody else.
    explicit Replay(Simulator &simulator, ReplayOptions options = {});
    Replay(Replay &&) noexcept;
    Replay &operator=(Replay &&) noexcept;
    ~Replay();

    FrameOutcome feed(const CapturedFrame &frame);
    /// The same for frames that follow each other: runs them, then settles what was run, when
    /// `visit` sees each with its outcome. Returns how many, at least 1 of those that there are: it
    /// stops after a frame that took long, with an expiry pass before it. Where the kernel refuses
    /// one, those before it are not settled.
    std::size_t feed(std::span<const CapturedFrame> frames, const OutcomeVisitor &visit = {});
    /// The halves of that, for two threads, one of them for each half: what was run is to be
    /// settled in the same order, and all of it before anything else is asked for. The first one
    /// adds to `runs`, the second one takes them from the first frame on. Frames without a
    /// dissection are dissected in both.
    std::size_t run(std::span<const CapturedFrame> frames, FrameRuns &runs);
    void settle(std::span<const CapturedFrame> frames, FrameRuns &runs,
                const OutcomeVisitor &visit = {});
    /// A frame that is fed elsewhere, or not at all: says who was answered.
    void observe(const Dissection &frame);
    /// Moves the clock to `time_ns` (never backwards), running the expirer when it is due.
    void advance_to(std::uint64_t time_ns);
    /// Actions of scenarios, at the current time. Results are those of the simulator.
    bool unblock(std::string_view address);
    bool erase(std::string_view address);
    BlockOutcome block(std::string_view address);
    void allow(std::string_view prefix);
    bool disallow(std::string_view prefix);
    void expire();

    /// The books of the capture so far; ends with an expiry pass, so that the registry's size is
    /// known. The replay goes on after it.
    ReplayReport report();
    /// Of single packets of the capture so far.
    ReplayLatency latency() const;
    /// Starts the books of another capture; state and clock go on (`--continue`). A block of an
    /// earlier capture stays in the source's report, without a frame.
    void begin_capture();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace portscan
