// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/replay.h"
#include "sim/replay_context.h"

namespace portscan {

/// A capture in which 172.16.0.8 was blocked at frame 4, and 10.0.0.1 probed one port.
inline ReplayReport sample_report() {
    ReplayReport report;
    report.capture = "nmap-syn.pcap";
    report.packets = 2011;
    report.verdicts = {0, 1991, 17, 0, 0};
    report.skipped = {{"too_short", 2}, {"undecidable", 1}};
    report.counters.values.assign(counter_names().size(), 0);
    report.counters.values[1] = 1991;
    report.latency = {.p50 = 90,
                      .p90 = 100,
                      .p99 = 210,
                      .p999 = 900,
                      .max = 5000,
                      .histogram = {{95, 1500}, {5119, 508}},
                      .empty = {.p50 = 40, .p90 = 44, .p99 = 50, .p999 = 300, .max = 700},
                      .empty_packets = 1039};
    report.sources = {
        {.address = *Prefix::parse("172.16.0.8"),
         .state = SourceState::active,
         .blocked = true,
         .ports = {443, 143, 3306},
         .probes = 2000,
         .packets = 2001,
         .dropped = 1991,
         .first_seen_ns = 1'281'737'521'000'000'001,
         .blocks = {{.at_ns = 1'281'737'521'123'456'789, .frame = 4, .trigger_port = 80}},
         .reach = {.probed = 67, .probed_answered = 2, .passed = 3, .answered = 1}},
        {.address = *Prefix::parse("10.0.0.1"),
         .state = SourceState::expired,
         .ports = {0},
         .probes = 1,
         .packets = 1},
    };
    report.sources_omitted = 3;
    return report;
}

inline ReplayReport honest_report() {
    ReplayReport report;
    report.capture = "curl.pcap";
    report.packets = 10;
    report.verdicts = {0, 0, 10, 0, 0};
    report.counters.values.assign(counter_names().size(), 0);
    return report;
}

inline ReplayContext sample_context() {
    return {.options = {}, .object_sha256 = "0123456789abcdef", .kernel = "6.1.0"};
}

} // namespace portscan
