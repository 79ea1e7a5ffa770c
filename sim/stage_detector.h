// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/allowlist.h"
#include "loader/counters.h"
#include "loader/detector.h"
#include "loader/expirer.h"
#include "loader/mapped_state.h"
#include "loader/registry.h"
#include "sim/capture_clock.h"
#include "sim/interference.h"
#include "sim/packet.h"
#include "sim/simulator.h"
#include "sim/stage_log.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct ring_buffer;

namespace portscan {

/// What a stage plays under.
struct StageSetting {
    DetectorOptions options{};
    bool frags = true; ///< false: loaded as on a kernel before 5.18, frames in one buffer
    bool operator==(const StageSetting &) const = default;
};

/// One small detector, with its maps and another CPU's hands in reach: for what no packets and no
/// scenario can bring about. Room for 8 sources of each family, 4 of them blocked unless the
/// options say otherwise, and for 4,096 bytes of events.
class StageDetector {
  public:
    /// Changes the text of a program, and puts the other CPU's steps in.
    using Change = std::function<void(ProgramText &, const Interference &)>;

    /// Throws std::system_error.
    StageDetector(const StageSetting &setting, const std::string &object_path);
    StageDetector(const StageDetector &) = delete;
    StageDetector &operator=(const StageDetector &) = delete;
    ~StageDetector();

    /// Runs both programs as they are but for the other CPU's steps.
    void use_shipped();
    /// Runs the program of that role changed from now on, the other one goes on. Throws
    /// std::system_error where the kernel refuses it; what ran before goes on then.
    void use_changed(ProgramRole role, const Change &change);

    /// Forgets all that was seen and done. `ipv6`: the family of sources from now on. `split`: the
    /// same frames, but with all behind the Ethernet header in a second buffer.
    void reset(bool ipv6, bool split);
    /// Where to note what can be seen after each step from now on; nullptr: nowhere.
    void write_to(StageLog *log) { log_ = log; }

    /// A probe of source `number`; what became of it. With 64 added it comes from another
    /// address of the same IPv6 prefix, with 128 from a link-local one.
    Verdict probe(unsigned number, std::uint16_t port);
    /// A packet of that source: `flags` of TCP, or `U` for UDP.
    Packet packet(unsigned number, std::uint16_t port, std::string_view flags) const;
    Verdict run(const Packet &packet, bool split = false);
    /// With so many bytes in the first buffer, where frames may span buffers.
    Verdict run_bytes(ByteView frame, std::optional<std::size_t> linear_size = std::nullopt);
    Counters counters() const { return counters_.read(); }
    /// How often the program went beyond the common path, to look at a packet again or to judge it
    /// closely, as long as the detector is there.
    std::uint64_t detours() const { return detours_.time_ns(); }
    void advance(std::chrono::nanoseconds by);
    ExpiryReport expire();
    /// The program alone, without what user space puts right afterwards.
    void expire_alone();
    /// The one address of the source.
    void allow(unsigned number);
    Interference &other_cpu() { return other_cpu_; }
    /// Nobody reads events from now on, until told otherwise.
    void leave_events(bool leave) { events_left_ = leave; }

    /// What another hand does to the maps, as bpftool would.
    void delete_record(unsigned number);
    std::optional<SourceRecord> record(unsigned number) const;
    bool has_record(unsigned number) const { return record(number).has_value(); }
    /// Is there a dead one, between the two steps of its removal?
    bool has_dead_record(unsigned number) const;
    /// As it stands between the two steps of a removal: dead, not yet deleted.
    void kill_record(unsigned number);
    /// Puts elements of foreign keys in until the map takes no more.
    void fill_registry();
    void fill_ports();

    bool ipv6() const { return ipv6_; }
    const DetectorOptions &options() const { return setting_.options; }
    const Detector &detector() const { return detector_; }

  private:
    struct Events;

    Address source(unsigned number) const;
    std::optional<portscan_record> raw_record(unsigned number) const;
    int registry_map() const;
    int ports_map() const;
    void fill(int map);
    FileDescriptor load(ProgramRole role, const Change &change) const;
    void count_detours(ProgramText &text) const;
    void run_expiry(int program);
    void note(std::uint64_t outcome);

    StageSetting setting_;
    bool ipv6_ = false;
    bool split_ = false;
    Interference other_cpu_;
    CaptureClock detours_; ///< no clock, but a number that a program can write
    Detector detector_;
    CaptureClock clock_;
    FileDescriptor program_; ///< with nothing but the other CPU's steps, like the next one
    FileDescriptor expiry_;
    FileDescriptor changed_program_; ///< runs in its place; or is empty
    FileDescriptor changed_expiry_;
    int running_ = -1;
    int running_expiry_ = -1;
    MappedState state_;
    CounterMap counters_;
    Registry registry_;
    Allowlist allowlist_;
    Expirer expirer_;
    std::unique_ptr<Events> events_;
    bool events_left_ = false;
    StageLog *log_ = nullptr;
};

} // namespace portscan
