// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/allowlist.h"
#include "loader/counters.h"
#include "loader/detector.h"
#include "loader/events.h"
#include "loader/expirer.h"
#include "loader/file_descriptor.h"
#include "loader/mapped_state.h"
#include "loader/registry.h"
#include "sim/capture_clock.h"
#include "sim/clock_rewrite.h"
#include "sim/harness_maps.h"
#include "sim/packet.h"
#include "sim/simulator.h"
#include "sim/test_run.h"

#include <bpf/libbpf.h>
#include <string>

namespace portscan::test {

/// A detector for packets from several threads: counters are per CPU as shipped, so that one call
/// of run() learns the verdict and no reason.
struct Stage {
    explicit Stage(const DetectorOptions &detector_options, Clock which = Clock::capture,
                   const std::string &object_path = {}) :
        options{detector_options},
        detector{Detector::load(
            options,
            {.object_path = object_path,
             .prepare = [](auto *object) { use_harness_maps(object, StatsMap::shipped); }})},
        rewritten{which == Clock::capture ? load_rewritten() : FileDescriptor{}},
        program{which == Clock::capture ? rewritten.get() : detector.program()},
        state{detector.maps().state},
        counters{detector.maps().stats},
        registry{detector.maps(), state, options},
        allowlist{detector.maps(), state, registry},
        expirer{detector.expire_program(), state, counters, allowlist},
        events{detector.maps().events} {
        for (const auto &prefix : options.allow) allowlist.add(prefix, AllowOrigin::config);
    }

    Verdict run(ByteView frame) const { return test_run(program, frame).verdict; }
    Verdict run(const Packet &packet) const { return run(packet.bytes()); }
    std::uint64_t counter(std::string_view name) const {
        return counters.read().find(name).value();
    }

    DetectorOptions options;
    Detector detector;
    CaptureClock clock; ///< of the program, unless that runs on the kernel's
    FileDescriptor rewritten;
    int program;
    MappedState state;
    CounterMap counters;
    Registry registry;
    Allowlist allowlist;
    Expirer expirer;
    EventReader events;

  private:
    FileDescriptor load_rewritten() const {
        return load_with_clock(
            detector.object(),
            bpf_object__find_program_by_name(detector.object(), "xdp_port_scan_block"),
            clock.map_fd());
    }
};

} // namespace portscan::test
