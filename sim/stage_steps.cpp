// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/stage_steps.h"

#include <fmt/format.h>

namespace portscan {
namespace {

[[noreturn]] void fail(const StageDetector &detector, const std::string &what) {
    throw StageFailure(fmt::format("{}: {}", detector.ipv6() ? "IPv6" : "IPv4", what));
}

void expect(StageDetector &detector, unsigned source, std::uint16_t port, Verdict verdict) {
    const Verdict got = detector.probe(source, port);
    if (got != verdict)
        fail(detector, fmt::format("source {}, port {}: expected {}, got {}", source, port,
                                   to_string(verdict), to_string(got)));
}

} // namespace

std::uint16_t last_port(const StageDetector &detector) {
    return static_cast<std::uint16_t>(detector.options().max_ports);
}

void expect_true(const StageDetector &detector, bool truth, std::string_view what) {
    if (!truth) fail(detector, fmt::format("expected: {}", what));
}

void pass(StageDetector &detector, unsigned source, std::uint16_t first, std::uint16_t last) {
    for (std::uint16_t port = first; port <= last; ++port)
        expect(detector, source, port, Verdict::pass);
}

void drop(StageDetector &detector, unsigned source, std::uint16_t port) {
    expect(detector, source, port, Verdict::drop);
}

void step(StageDetector &detector, unsigned source, std::uint16_t port, Reason reason) {
    const std::uint64_t before = detector.counters().of(reason);
    detector.probe(source, port);
    if (detector.counters().of(reason) != before + 1)
        fail(detector, fmt::format("source {}, port {}: expected the reason {}", source, port,
                                   to_string(reason)));
}

void expect_ports(const StageDetector &detector, unsigned source,
                  std::initializer_list<std::uint16_t> ports) {
    const auto record = detector.record(source);
    if (!record || record->ports != PortList{ports})
        fail(detector, fmt::format("source {} has other ports recorded than expected", source));
}

void expect_blocked(const StageDetector &detector, unsigned source) {
    const auto record = detector.record(source);
    if (!record || !record->blocked)
        fail(detector, fmt::format("source {} should be blocked", source));
}

std::uint64_t stamp(const StageDetector &detector, unsigned source) {
    const auto record = detector.record(source);
    return record ? record->timestamp_ns : 0;
}

} // namespace portscan
