// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/counters.h"
#include "loader/events.h"
#include "loader/expirer.h"
#include "loader/options.h"
#include "loader/registry.h"
#include "loader/verdict.h"
#include "sim/frame.h"
#include "sim/packet.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

class Detector;
class ProgramText;

/// The programs of a detector.
enum class ProgramRole : std::uint8_t {
    filter, ///< xdp_port_scan_block, on every frame
    expiry, ///< pscan_expire, the expiry pass
};

/// Which clock the program reads.
enum class Clock : std::uint8_t {
    capture, ///< a value that the harness sets, to the nanosecond
    wall,    ///< the kernel's own: the program runs exactly as loaded
};

struct SimulatorSettings {
    std::string object_path; ///< empty: the embedded object
    Clock clock = Clock::capture;
    /// Called with the text of each loaded program (ProgramText::name()), to change it before it
    /// runs: counters put in, instructions replaced. Empty: both run as they are.
    std::function<void(ProgramText &)> change{};
    /// Frames are handed to the program in two buffers, the first one this long where they are
    /// longer (test_run.h). Nothing: as the kernel does it.
    std::optional<std::size_t> linear_size{};
};

/// What the program did with one frame.
struct RunResult {
    Verdict verdict = Verdict::aborted;
    Reason reason = Reason::fault;
    /// The frame opened a new record (a new source, or one that starts afresh).
    bool new_record = false;
    bool evicted = false;          ///< another record gave way to that
    std::uint32_t duration_ns = 0; ///< as BPF_PROG_TEST_RUN reports it, its own overhead included
};

/// The detector object in the kernel, run packet by packet through BPF_PROG_TEST_RUN on maps of
/// its own. Everything throws std::system_error where the kernel refuses: a failure of the harness
/// is never a verdict. Not thread-safe.
class Simulator {
  public:
    explicit Simulator(const DetectorOptions &options, const SimulatorSettings &settings = {});
    Simulator(Simulator &&) noexcept;
    Simulator &operator=(Simulator &&) noexcept;
    ~Simulator();

    /// Frames of 14 to max_frame_size() bytes; others throw std::invalid_argument.
    RunResult step(ByteView frame);
    Verdict run(const Packet &packet);
    std::size_t max_frame_size() const;
    /// What the empty program takes for the frame, as RunResult::duration_ns: the floor.
    std::uint32_t floor_ns(ByteView frame) const;

    /// The program's clock, in ns. With Clock::wall set_time throws std::logic_error.
    void set_time(std::uint64_t time_ns);
    void advance(std::chrono::nanoseconds by);
    std::uint64_t time_ns() const;

    /// One expiry pass at the current time.
    ExpiryReport expire();

    /// `10.0.0.1`, `2001:db8::1` (finds its prefix). Throws std::invalid_argument if malformed.
    std::optional<SourceRecord> source(std::string_view address) const;
    /// Of a source as the registry knows it.
    std::optional<SourceRecord> source(const Prefix &source) const;
    std::vector<SourceRecord> sources() const;
    /// True if there was a record.
    bool unblock(std::string_view address);
    /// The same as `bpftool map delete` does it: the record alone, behind everybody's back.
    bool erase(std::string_view address);
    BlockOutcome block(std::string_view address);
    void allow(std::string_view prefix);
    /// True if the entry was there.
    bool disallow(std::string_view prefix);

    Counters counters() const;
    /// Blocks since the last call, oldest first.
    std::vector<BlockEvent> take_events();

    /// Runs a changed form of one of the detector's programs from now on, on its maps and clock:
    /// `text` is what ProgramText::of() gave for detector()'s program, with instructions replaced.
    /// Throws std::system_error where the kernel refuses it; what ran before goes on then.
    void use_variant(ProgramRole role, const ProgramText &text);
    /// Runs again what it was made with.
    void use_shipped();
    /// Forgets all that was seen and done: registry, counters, events, and what was changed of the
    /// allowlist. The clock stands at 0 again.
    void reset();
    /// As SimulatorSettings::linear_size, from now on.
    void split_frames(std::optional<std::size_t> linear_size);
    const Detector &detector() const;

    const DetectorOptions &options() const;
    /// SHA-256 of the object file, in hexadecimal.
    const std::string &object_sha256() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace portscan
