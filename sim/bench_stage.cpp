// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bench_stage.h"

#include "sim/harness_maps.h"
#include "sim/test_run.h"

#include <algorithm>
#include <bpf/libbpf.h>
#include <cerrno>
#include <fmt/format.h>
#include <system_error>

namespace portscan {
namespace {

/// Blocks that there is still room for where the registry is full.
constexpr std::uint32_t spare_blocks = 4 * bench_allow_entries;
/// Fresh sources at a time, at most: their events fit into the ring.
constexpr std::uint32_t most_fresh = 2'000;

/// The number of the first source of a kind; the kinds do not meet.
std::uint32_t first_of(BenchSources sources) {
    switch (sources) {
    case BenchSources::known:
        return 1; // 0 is 0.0.0.0, which an unused place of the queue names
    case BenchSources::blocked:
        return 0x4000'0000;
    case BenchSources::strangers:
        return 0x6000'0000;
    case BenchSources::allowlisted:
        return 0x7000'0000;
    case BenchSources::inside:
        return 0x7100'0000;
    case BenchSources::at_bound:
        return 0x7200'0000;
    case BenchSources::fresh:
        break;
    }
    return 0x8000'0000;
}

/// Of one family: what fits, and what is in.
struct Amounts {
    std::uint32_t known = 0;
    std::uint32_t blocked = 0;
};

Amounts amounts_of(const DetectorOptions &options, const BenchLevel &level, BenchSetting setting,
                   bool ipv6) {
    if (!level.is_full())
        return {.known = level.sources - level.sources / 2, .blocked = level.sources / 2};
    const std::uint32_t limit = ipv6 ? options.blocked_limit6() : options.blocked_limit();
    const std::uint32_t places = (ipv6 ? options.max_sources6 : options.max_sources) - limit;
    const std::uint32_t spare = setting == BenchSetting::at_bound ? 0 : spare_blocks;
    return {.known = places, .blocked = limit - std::min(spare, limit / 2)};
}

Prefix allowed(BenchSources sources, bool ipv6, std::uint32_t index, std::uint8_t host) {
    return Prefix::host(scattered_source(ipv6, first_of(sources) + index, host));
}

DetectorOptions options_of(const BenchSetup &setup) {
    DetectorOptions options = setup.options;
    if (setup.setting == BenchSetting::ignoring)
        options.ignore_ports.push_back({bench_ignored_port, bench_ignored_port});
    if (setup.setting == BenchSetting::probes_scope) options.block_scope = BlockScope::probes;
    if (setup.setting == BenchSetting::all_scope) options.block_scope = BlockScope::all;
    for (std::uint32_t i = 0; i < bench_allow_entries; ++i) {
        if (setup.setting == BenchSetting::allowing)
            for (const bool ipv6 : {false, true})
                options.allow.push_back(allowed(BenchSources::allowlisted, ipv6, i, 2));
        if (setup.setting == BenchSetting::allowing_inside)
            options.allow.push_back(allowed(BenchSources::inside, true, i, bench_allowed_host));
    }
    if (setup.level.is_full()) return options;

    // Half of the sources are blocks, which leave their places in the queue to others.
    const std::uint32_t sources =
        std::max(2 * setup.level.sources, setup.level.sources + 2 * setup.insertions);
    if (setup.families[0]) options.max_sources = std::max(options.max_sources, sources);
    if (setup.families[1]) options.max_sources6 = std::max(options.max_sources6, sources);
    if (setup.setting == BenchSetting::at_bound)
        options.max_blocked = options.max_blocked6 = setup.level.sources / 2;
    return options;
}

} // namespace

std::string BenchLevel::name() const {
    return is_full() ? "full" : fmt::to_string(sources);
}

BenchStage::BenchStage(const BenchSetup &setup) :
    level_{setup.level},
    options_{options_of(setup)},
    detector_{Detector::load(
        options_,
        {.object_path = setup.object_path,
         .prepare = [](bpf_object *object) { use_harness_maps(object, StatsMap::shipped); }})},
    empty_{load_floor_program(detector_.has_frags())},
    state_{detector_.maps().state},
    counters_{detector_.maps().stats},
    registry_{detector_.maps(), state_, options_},
    allowlist_{detector_.maps(), state_, registry_},
    events_{detector_.maps().events},
    setting_{setup.setting} {
    allowlist_.replace(AllowOrigin::config, options_.allow);
    for (const bool ipv6 : {false, true})
        if (setup.families[ipv6 ? 1 : 0]) fill(ipv6);
}

std::uint32_t BenchStage::count(BenchSources sources, bool ipv6) const {
    const Amounts amounts = amounts_of(options_, level_, setting_, ipv6);
    switch (sources) {
    case BenchSources::known:
        return amounts.known;
    case BenchSources::blocked:
        return amounts.blocked;
    case BenchSources::strangers:
        return amounts.known + amounts.blocked;
    case BenchSources::fresh:
        return std::clamp<std::uint32_t>(amounts.known / 4, 100, most_fresh);
    default:
        return bench_allow_entries;
    }
}

Address BenchStage::source(const BenchPath &path, std::uint32_t index) {
    return scattered_source(path.ipv6, first_of(path.sources) + index, path.host);
}

void BenchStage::forget(const Address &source) {
    registry_.remove(registry_.source_of(source));
}

/// Blocks first: the places that they leave in the queue are taken over by those that follow.
void BenchStage::fill(bool ipv6) {
    probe(ipv6, BenchSources::blocked, count(BenchSources::blocked, ipv6), options_.max_ports + 1);
    if (setting_ == BenchSetting::allowing_inside && ipv6)
        probe(ipv6, BenchSources::inside, bench_allow_entries, options_.max_ports + 1);
    probe(ipv6, BenchSources::known, count(BenchSources::known, ipv6), 1);
    if (setting_ == BenchSetting::at_bound)
        probe(ipv6, BenchSources::at_bound, bench_allow_entries, options_.max_ports);
}

void BenchStage::probe(bool ipv6, BenchSources sources, std::uint32_t count, unsigned ports) {
    std::vector<SourceFrame> frames;
    for (unsigned i = 0; i < ports; ++i)
        frames.emplace_back(ipv6 ? tcp("2001:db8::2", "fd00::9", bench_port(i), "S")
                                 : tcp("10.0.0.1", "10.0.0.9", bench_port(i), "S"));
    const Counters before = counters();
    for (std::uint32_t i = 0; i < count; ++i) {
        const Address source = scattered_source(ipv6, first_of(sources) + i);
        for (SourceFrame &frame : frames) test_run(program(), frame.from(source));
        if (i % most_fresh == 0) drain_events();
    }
    drain_events();
    const Counters after = counters();
    const std::uint64_t blocks = ports > options_.max_ports ? count : 0;
    const std::uint64_t recorded = std::uint64_t{count} * ports - blocks;
    const auto counted = [&](Reason reason) { return after.of(reason) - before.of(reason); };
    if (counted(Reason::recorded) == recorded && counted(Reason::threshold) == blocks) return;
    throw BenchError(fmt::format(
        "{} probes were to be recorded and {} to block their sources, {} and {} were: do the "
        "options allow, ignore or forget what is measured?",
        recorded, blocks, counted(Reason::recorded), counted(Reason::threshold)));
}

} // namespace portscan
