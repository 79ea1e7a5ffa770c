// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bench/registry/requirements.h"

#include "sim/bench/registry/frames.h"
#include "sim/measure.h"
#include "sim/test_run.h"

#include <array>
#include <atomic>
#include <sched.h>
#include <vector>

namespace portscan::bench {
namespace {

constexpr std::uint32_t blocked_sources = 1'000;
constexpr std::uint32_t raced_sources = 20'000;
constexpr unsigned permitted_ports = 3;
constexpr unsigned scanned_ports = 8;

bool passes(const Subject &subject, ProbeFrame &frame, std::uint32_t source, std::uint16_t port) {
    return test_run(subject.program, frame.from(source, port)).verdict == Verdict::pass;
}

/// Nothing blocked, so that all of the map is there for unblocked records.
std::uint32_t elements_after(const Candidate &candidate, std::uint32_t sources) {
    const Subject subject = candidate.load({.sources = sources, .unblocked = sources});
    ProbeFrame frame;
    for (std::uint32_t number = 0; number < sources; ++number) passes(subject, frame, number, 22);
    return element_count(subject);
}

/// Numbers: blocks first, then the scanner, then the flood. The scanner begins when as many sources
/// as the registry holds have come, and touches a port in each sixteenth of that number.
void flood(const Candidate &candidate, const Sizes &sizes, Requirements &result) {
    const Subject subject = candidate.load(sizes);
    ProbeFrame frame;
    add_blocks(subject, 0, blocked_sources);
    const std::uint32_t scanner = blocked_sources;
    const std::uint32_t step = sizes.sources / 16;
    unsigned port = 0;
    for (std::uint32_t i = 0; i < 2 * sizes.sources; ++i) {
        passes(subject, frame, scanner + 1 + i, 22);
        if (i < sizes.sources || i % step != 0 || port == scanned_ports) continue;
        ++port;
        const bool passed = passes(subject, frame, scanner, static_cast<std::uint16_t>(port));
        // Dropped without a block is no success: the same port again passes where it was recorded.
        if (!passed && result.scanner_blocked_at == 0 && count_blocks(subject, scanner, 1) == 1)
            result.scanner_blocked_at = port;
    }
    result.blocks_kept = count_blocks(subject, 0, blocked_sources);
    result.new_source_passes = passes(subject, frame, scanner + 1 + 2 * sizes.sources, 22);
}

/// Both CPUs scan the same sources in step, with ports of their own.
std::uint32_t race(const Candidate &candidate, const Sizes &sizes) {
    const Subject subject = candidate.load(sizes);
    std::vector<std::array<std::uint8_t, 2>> passed(raced_sources);
    std::array<std::atomic<std::uint32_t>, 2> reached{};
    on_two_cpus([&](unsigned cpu) {
        ProbeFrame frame;
        for (std::uint32_t number = 0; number < raced_sources; ++number) {
            reached[cpu].store(number);
            for (unsigned spins = 0; reached[1 - cpu].load() < number; ++spins)
                if (spins > 10'000) sched_yield();
            for (unsigned port = 1; port <= permitted_ports + 1; ++port)
                passed[number][cpu] +=
                    passes(subject, frame, number, static_cast<std::uint16_t>(cpu * 1'000 + port));
        }
        reached[cpu].store(raced_sources);
    });
    std::uint32_t too_many = 0;
    for (const auto &ports : passed) too_many += ports[0] + ports[1] > int{permitted_ports};
    return too_many;
}

} // namespace

Requirements check_requirements(const Candidate &candidate, const Sizes &sizes) {
    Requirements result;
    result.kept_of_thousand = elements_after(candidate, 1'000);
    result.kept_of_all = elements_after(candidate, sizes.sources);
    flood(candidate, sizes, result);
    result.too_many_ports = race(candidate, sizes);
    return result;
}

} // namespace portscan::bench
