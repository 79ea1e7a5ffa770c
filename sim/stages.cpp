// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/stages.h"

#include "sim/stage_scripts.h"
#include "sim/stage_steps.h"

#include <array>
#include <chrono>
#include <fmt/format.h>

namespace portscan {
namespace {

using namespace std::chrono_literals;

using Script = std::function<void(StageDetector &)>;

/// The stages of one family.
class Programme {
  public:
    explicit Programme(bool ipv6, std::vector<StageScript> &stages) :
        ipv6_(ipv6),
        stages_(stages) {}

    void add_all(std::size_t storm_steps) {
        add({}, "lost swaps", lost_swaps);
        add({}, "changed between looks", changed_between_looks);
        add({}, "recorded between looks", recorded_between_looks);
        add({.window = 2ns}, "recorded between looks, window 2 ns", recorded_between_looks);
        add({.block_for = 1s, .ignore_ports = {{7, 7}}}, "alive between looks",
            alive_between_looks);
        add({}, "lost insertions", lost_insertions);
        add({}, "overtaken insertions", overtaken_insertions);
        add({}, "passed over", passed_over);
        add({}, "passed over, with room", passed_over_with_room);
        add({}, "dead records", dead_records);
        add({}, "full registry", full_registry);
        add({}, "allowed", allowed);
        add({.block_scope = BlockScope::all}, "allowed, scope all", allowed);
        if (ipv6_) add({.block_scope = BlockScope::all}, "link-local sources", link_local);
        add_once({}, "first look", play_first_look);
        add_once({}, "frames", play_frames);
        add_once({}, "frames in one buffer", play_frames, false);
        if (ipv6_) add_once({}, "extension headers", extensions);
        add_with_six_ports();
        for (const unsigned max_ports : {1U, 4U}) add_with_bound(max_ports);
        for (const unsigned max_ports : {2U, 6U}) add_of_time(max_ports);
        for (const unsigned max_ports : {1U, 2U, 3U, 5U, 16U})
            for (const auto scope : {BlockScope::tcp, BlockScope::probes, BlockScope::all})
                add_storm(max_ports, scope, storm_steps);
        add_storm(4, BlockScope::tcp, storm_steps);
    }

  private:
    void add_once(DetectorOptions options, const std::string &name, Script script,
                  bool frags = true, bool split = false) {
        stages_.push_back({.name = fmt::format("{}: {}{}", ipv6_ ? "IPv6" : "IPv4", name,
                                               split ? ", in two buffers" : ""),
                           .setting = {std::move(options), frags},
                           .ipv6 = ipv6_,
                           .split = split,
                           .script = std::move(script)});
    }

    /// With frames in one buffer, and in two.
    void add(const DetectorOptions &options, const std::string &name, const Script &script) {
        for (const bool split : {false, true}) add_once(options, name, script, true, split);
    }

    void add_with_six_ports() {
        const DetectorOptions six{.max_ports = 6, .block_for = 1s};
        add(six, "allowed, max-ports 6", allowed);
        add(six, "lost swaps of further ports", lost_swaps_of_further_ports);
        add(six, "ports of another life", ports_of_another_life);
        add(six, "full ports", full_ports);
        for (const auto ports : {std::uint16_t{1}, std::uint16_t{4}}) {
            for (const std::uint64_t pattern : {0b00ULL, 0b01ULL, 0b10ULL})
                add(six, fmt::format("kept places, {} ports, swaps {:#04b}", ports, pattern),
                    [=](StageDetector &one) { kept_places(one, ports, pattern); });
        }
        for (const auto ports : {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{4}})
            for (const bool blocked : {false, true})
                add(six,
                    fmt::format("gave way dead, {}, to {} ports", blocked ? "block" : "record",
                                ports),
                    [=](StageDetector &one) { gave_way_dead(one, ports, blocked); });
    }

    void add_of_time(unsigned max_ports) {
        const auto named = [&](const char *name) {
            return fmt::format("{}, max-ports {}", name, max_ports);
        };
        add({.max_ports = max_ports,
             .window = 1ns,
             .block_for = 1ns,
             .block_scope = BlockScope::all},
            named("clock behind"), clock_behind);
        add({.max_ports = max_ports,
             .window = 2ns,
             .block_for = 1ns,
             .block_scope = BlockScope::all},
            named("clock behind, window 2 ns"), clock_behind);
        add({.max_ports = max_ports, .window = std::chrono::nanoseconds::max()},
            named("longest window"), longest_window);
        for (const auto length : {1ns, 2ns, std::chrono::nanoseconds{10s}})
            add({.max_ports = max_ports,
                 .window = length,
                 .block_for = length,
                 .block_scope = max_ports == 2 ? BlockScope::all : BlockScope::tcp},
                fmt::format("exact ages, max-ports {}, {} ns", max_ports, length.count()),
                exact_ages);
    }

    void add_with_bound(unsigned max_ports) {
        const DetectorOptions short_lived{.max_ports = max_ports, .window = 10s, .block_for = 20s};
        const auto named = [&](const char *name) {
            return fmt::format("{}, max-ports {}", name, max_ports);
        };
        add(short_lived, named("lost removals"), lost_removals);
        add(short_lived, named("refused deletions"), refused_deletions);
        add(short_lived, named("full ring"), full_ring);
        add_once(short_lived, named("used ring"), used_ring);
        add({.max_ports = max_ports, .max_blocked = 1, .max_blocked6 = 1},
            named("last block taken"), last_block_taken);
    }

    void add_storm(unsigned max_ports, BlockScope scope, std::size_t steps) {
        DetectorOptions options{.max_ports = max_ports, .window = 10s, .block_scope = scope};
        if (scope != BlockScope::probes) options.block_for = 20s;
        options.dry_run = max_ports == 2;
        options.ignore_ports = {{7, 7}, {21, 21}, {64, 64}, {128, 4095}};
        const std::array scopes{"tcp", "probes", "all"};
        const std::string under = fmt::format("max-ports {}, scope {}", max_ports,
                                              scopes.at(static_cast<std::size_t>(scope)));
        add_once(options, "storm, " + under,
                 [steps](StageDetector &one) { play_storm(one, steps); });
        if (scope != BlockScope::tcp) return;
        add(options, "all ports, " + under, all_ports);
        add(options, "port 0, " + under, port_zero);
        add(options, "ignored, " + under, ignored);
    }

    bool ipv6_;
    std::vector<StageScript> &stages_;
};

} // namespace

std::vector<StageScript> find_stages(std::size_t storm_steps) {
    std::vector<StageScript> stages;
    for (const bool ipv6 : {false, true}) Programme{ipv6, stages}.add_all(storm_steps);
    return stages;
}

void play(const StageScript &stage, StageDetector &detector, StageLog *log) {
    detector.reset(stage.ipv6, stage.split);
    detector.write_to(log);
    stage.script(detector);
    detector.write_to(nullptr);
    if (log != nullptr) log->finish();
}

} // namespace portscan
