// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/allowlist.h"
#include "loader/counters.h"
#include "loader/detector.h"
#include "loader/expirer.h"
#include "loader/file_descriptor.h"
#include "loader/mapped_state.h"
#include "loader/registry.h"
#include "sim/capture_clock.h"
#include "sim/clock_rewrite.h"
#include "sim/counter_view.h"
#include "sim/harness_maps.h"
#include "sim/packet.h"
#include "sim/test_run.h"
#include "tests/outcome.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace portscan::test {

/// A detector with its parts open: what Simulator does, and raw access to maps, splits of frames
/// over buffers and changes behind the program's back besides. The clock is the test's.
struct Workbench {
    explicit Workbench(const DetectorOptions &options) :
        detector{Detector::load(
            options,
            {.object_path = {},
             .prepare = [](auto *object) { use_harness_maps(object, StatsMap::mapped); }})},
        program{load_with_clock(
            detector.object(),
            bpf_object__find_program_by_name(detector.object(), "xdp_port_scan_block"),
            clock.map_fd())},
        state{detector.maps().state},
        counters{detector.maps().stats},
        view{detector.maps().stats},
        registry{detector.maps(), state, options},
        allowlist{detector.maps(), state, registry},
        expirer{detector.expire_program(), state, counters, allowlist} {}

    Outcome run(ByteView frame, std::optional<std::size_t> linear_size = std::nullopt) {
        view.mark();
        const TestRunResult result = test_run(program.get(), frame, linear_size);
        const auto change = view.take();
        if (!change.reason) throw std::logic_error("packet did not count under one reason");
        return {result.verdict, *change.reason};
    }
    Outcome run(const Packet &packet) { return run(packet.bytes()); }

    /// The value in pscan_ip_reg or pscan_ip6_reg, byte for byte.
    std::optional<portscan_record> record(std::string_view address) const {
        const Prefix source = source_named(address);
        portscan_record record;
        if (bpf_map_lookup_elem(registry_map(source), source.address.bytes.data(), &record) != 0)
            return std::nullopt;
        return record;
    }
    /// As `bpftool map update` does it.
    void put_record(std::string_view address, const portscan_record &record) {
        const Prefix source = source_named(address);
        if (bpf_map_update_elem(registry_map(source), source.address.bytes.data(), &record,
                                BPF_ANY) != 0)
            throw std::system_error(errno, std::generic_category(), "write record");
    }
    /// As `bpftool map delete` does it.
    void delete_record(std::string_view address) {
        const Prefix source = source_named(address);
        if (bpf_map_delete_elem(registry_map(source), source.address.bytes.data()) != 0)
            throw std::system_error(errno, std::generic_category(), "delete record");
    }

    Prefix source_named(std::string_view address) const {
        return registry.source_of(Address::parse(address).value());
    }
    int registry_map(const Prefix &source) const {
        return source.address.is_ipv6() ? detector.maps().ip6_reg : detector.maps().ip_reg;
    }

    Detector detector;
    CaptureClock clock;
    FileDescriptor program;
    MappedState state;
    CounterMap counters;
    CounterView view;
    Registry registry;
    Allowlist allowlist;
    Expirer expirer;
};

} // namespace portscan::test
