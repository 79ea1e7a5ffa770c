// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/allowlist.h"
#include "loader/counters.h"
#include "loader/detector.h"
#include "loader/expirer.h"
#include "loader/mapped_state.h"
#include "loader/registry.h"
#include "sim/capture_clock.h"
#include "sim/coverage.h"
#include "sim/interference.h"
#include "sim/packet.h"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace portscan {

/// One small detector that counts its blocks, with its maps and another CPU's hands in reach.
class CoverBench {
  public:
    /// `ipv6`: the family of its sources. Room for 8 sources, and for 4,096 bytes of events.
    CoverBench(const Coverage &coverage, const std::string &object_path,
               const DetectorOptions &options, bool ipv6);

    /// A probe of source `number`; what became of it. With 64 added it comes from another
    /// address of the same IPv6 prefix, with 128 from a link-local one.
    Verdict probe(unsigned number, std::uint16_t port);
    /// A packet of that source: `flags` of TCP, or `U` for UDP.
    Packet packet(unsigned number, std::uint16_t port, std::string_view flags) const;
    Verdict run(const Packet &packet, bool split = false);
    void advance(std::chrono::nanoseconds by);
    void expire();
    /// The one address of the source.
    void allow(unsigned number);
    Interference &other_cpu() { return other_cpu_; }

    /// What another hand does to the maps, as bpftool would.
    void delete_record(unsigned number);
    /// False: there is none.
    bool has_record(unsigned number) const;
    /// As it stands between the two steps of a removal: dead, not yet deleted.
    void kill_record(unsigned number);
    /// Puts elements of foreign keys in until the map takes no more.
    void fill_registry();
    void fill_ports();

  private:
    Address source(unsigned number) const;
    int registry_map() const;
    void fill(int map);

    bool ipv6_;
    Interference other_cpu_;
    Detector detector_;
    CaptureClock clock_;
    FileDescriptor program_;
    FileDescriptor expiry_;
    MappedState state_;
    CounterMap counters_;
    Registry registry_;
    Allowlist allowlist_;
    Expirer expirer_;
};

} // namespace portscan
