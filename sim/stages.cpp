// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/stages.h"

#include "sim/stage_steps.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fmt/format.h>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using Kind = Interference::Kind;

constexpr std::uint64_t every_attempt = ~0ULL;
/// As long as a dead record stays: 1,024 units of 2^20 ns (bpf/expiry.bpf.h).
constexpr std::chrono::nanoseconds dead_unit{1 << 20};
constexpr std::chrono::nanoseconds dead_time = 1024 * dead_unit;

/// The last port that the detector takes, all from 1 on.
std::uint16_t last_port(const StageDetector &one) {
    return static_cast<std::uint16_t>(one.options().max_ports);
}

void lost_swaps(StageDetector &one) {
    pass(one, 1, 1, 1);
    one.other_cpu().expect(Kind::swap, 1);
    pass(one, 1, 2, 3); // looks again, then records
    expect_ports(one, 1, {1, 2, 3});
    one.other_cpu().expect(Kind::swap, 1);
    step(one, 1, 4, Reason::threshold); // looks again, then blocks
    expect_blocked(one, 1);
    pass(one, 2, 1, 1);
    one.other_cpu().expect(Kind::swap, every_attempt);
    step(one, 2, 2, Reason::contention);
    expect_ports(one, 2, {1});
    // As many looks as there are, and one more.
    for (const unsigned lost : {5U, 6U}) {
        pass(one, 2 + lost, 1, 1);
        one.other_cpu().expect(Kind::swap, (1ULL << lost) - 1);
        step(one, 2 + lost, 2, lost < 6 ? Reason::recorded : Reason::contention);
    }
}

void lost_swaps_of_further_ports(StageDetector &one) {
    pass(one, 1, 1, 3);
    one.other_cpu().expect(Kind::swap, 1);
    pass(one, 1, 4, 4);
    pass(one, 2, 1, 6);
    expect_ports(one, 2, {1, 2, 3, 4, 5, 6});
    one.other_cpu().expect(Kind::swap, 1);
    step(one, 2, 7, Reason::threshold);
    pass(one, 3, 1, 3);
    one.other_cpu().expect(Kind::update, every_attempt);
    pass(one, 3, 4, 4);
    expect_ports(one, 3, {1, 2, 3, 4});
}

/// Ports of a record that was deleted by hand are another life's.
void ports_of_another_life(StageDetector &one) {
    pass(one, 1, 1, 6);
    one.delete_record(1);
    pass(one, 1, 11, 16);
    expect_ports(one, 1, {11, 12, 13, 14, 15, 16});
    one.delete_record(1);
    one.expire(); // takes them out
    pass(one, 1, 21, 24);
    expect_ports(one, 1, {21, 22, 23, 24});
    one.delete_record(1);
    pass(one, 1, 24, 29);
    step(one, 1, 30, Reason::threshold);
    expect_ports(one, 1, {24, 25, 26, 27, 28, 29});
}

void lost_removals(StageDetector &one) {
    pass(one, 1, 1, 1);
    pass(one, 2, 1, last_port(one));
    drop(one, 2, 100);
    one.advance(60s);
    one.other_cpu().expect(Kind::swap, 0b11);
    expect_true(one, one.expire().sources_left == 2, "no record is removed");
    one.other_cpu().expect(Kind::swap, 1);
    pass(one, 1, 1, 1); // looks again, then afresh
    one.other_cpu().expect(Kind::swap, 1);
    pass(one, 2, 1, 1);
    expect_ports(one, 2, {1});
    one.advance(20s);
    one.other_cpu().expect(Kind::swap, 1);
    pass(one, 1, 1, 1);
    one.advance(60s);
    expect_true(one, one.expire().sources_left == 0, "all records are removed");
}

/// The first look is that of the common path, the second one decides, and the third makes sure that
/// the memory still is this source's.
void changed_between_looks(StageDetector &one) {
    pass(one, 1, 1, 1);
    one.other_cpu().expect(Kind::lookup_block, 0b10);
    step(one, 1, 2, Reason::blocked);
    pass(one, 2, 1, 1);
    one.other_cpu().expect(Kind::lookup_gone, 0b100);
    pass(one, 2, 2, 4); // the first one afresh
    expect_ports(one, 2, {2, 3, 4});
    drop(one, 2, 5);
    pass(one, 3, 1, 1);
    one.allow(3 + 64);
    one.other_cpu().expect(Kind::lookup_block, 0b10);
    if (one.ipv6()) { // an allowlisted address within the prefix that has just been blocked
        step(one, 3 + 64, 2, Reason::allowlisted);
        drop(one, 3, 1);
    } else { // the same address: the next expiry pass lifts the block
        drop(one, 3 + 64, 2);
        one.expire();
    }
    pass(one, 3 + 64, 3, 9);
}

/// A source that keeps its place puts out a block that is over; unless that changes meanwhile, or
/// its place does.
void kept_places(StageDetector &one, std::uint16_t ports, std::uint64_t pattern) {
    pass(one, 1, 1, 6);
    drop(one, 1, 100);
    pass(one, 2, 1, ports);
    pass(one, 3, 1, 1);
    pass(one, 4, 1, 1);
    one.advance(2s);
    one.other_cpu().expect(Kind::swap, pattern); // its own swap first, then the removal
    const auto next = static_cast<std::uint16_t>(ports + 1);
    pass(one, 2, next, next);
    expect_true(one, one.has_record(1) == ((pattern & 0b10) != 0), "the block gives way if it can");
}

/// The same where the kernel refuses to delete the block.
void kept_place_of_the_dead(StageDetector &one, std::uint16_t ports) {
    pass(one, 1, 1, 6);
    drop(one, 1, 100);
    pass(one, 2, 1, ports);
    pass(one, 3, 1, 1);
    pass(one, 4, 1, 1);
    one.advance(2s);
    one.other_cpu().expect(Kind::keep, 1);
    const auto next = static_cast<std::uint16_t>(ports + 1);
    step(one, 2, next, Reason::recorded);
    expect_true(one, one.has_dead_record(1), "the block is dead");
    one.expire_alone();
}

void lost_insertions(StageDetector &one) {
    one.other_cpu().expect(Kind::update, 1);
    step(one, 1, 1, Reason::known);
    expect_ports(one, 1, {1});
}

void last_block_taken(StageDetector &one) {
    pass(one, 1, 1, last_port(one));
    one.other_cpu().expect(Kind::add, 1);
    step(one, 1, 100, Reason::block_refused);
}

/// The time that a pass notes in a dead record, and the next one holds it against.
void dead_records(StageDetector &one) {
    pass(one, 1, 1, 1);
    one.kill_record(1);
    step(one, 1, 1, Reason::contention);
    one.advance(dead_unit / 2);
    one.expire();
    one.advance(dead_time - dead_unit);
    one.expire();
    expect_true(one, one.has_dead_record(1), "a dead record stays for its time");
    one.advance(dead_unit);
    one.other_cpu().expect(Kind::swap, 1);
    one.expire();
    expect_true(one, one.has_dead_record(1), "another pass has the deletion");
    one.expire();
    expect_true(one, !one.has_dead_record(1), "a dead record is deleted");
    pass(one, 1, 1, 1);
    one.kill_record(1);
    for (unsigned source = 2; source < 9; ++source) pass(one, source, 1, 1); // none to evict
    expect_true(one, one.has_dead_record(1), "a dead record is left to the expiry pass");
    one.expire();
    one.advance(3 * dead_time);
    one.expire();
    expect_true(one, !one.has_dead_record(1), "a dead record is deleted");
}

/// The kernel refuses a deletion: the record stays dead.
void refused_deletions(StageDetector &one) {
    const std::uint16_t last = last_port(one);
    pass(one, 1, 1, last);
    one.advance(10s);
    one.other_cpu().expect(Kind::keep, 1);
    step(one, 1, 1, Reason::contention); // afresh, if it went
    expect_true(one, one.has_dead_record(1), "the record is dead");
    one.expire();
    one.advance(2 * dead_time);
    one.other_cpu().expect(Kind::keep, 1);
    one.expire();
    expect_true(one, one.has_dead_record(1), "the record is dead still");
    one.advance(2 * dead_time);
    one.expire();
    pass(one, 1, 1, last);
    drop(one, 1, 100);
    one.advance(60s);
    one.other_cpu().expect(Kind::keep, 1);
    expect_true(one, one.expire().blocks_freed == 1, "the block is freed");
    expect_true(one, one.has_dead_record(1), "the block is dead");
    pass(one, 2, 1, 1);
    one.other_cpu().expect(Kind::keep, 1);
    for (unsigned source = 3; source < 8; ++source) pass(one, source, 1, 1);
    expect_true(one, one.has_dead_record(2), "the evicted record is dead");
}

void full_registry(StageDetector &one) {
    one.fill_registry();
    step(one, 1, 1, Reason::insert_failed);
}

void full_ports(StageDetector &one) {
    pass(one, 1, 1, 3);
    one.fill_ports();
    step(one, 1, 4, Reason::insert_failed);
    one.expire(); // takes out what belongs to nobody
    pass(one, 1, 4, 4);
    one.delete_record(1);
    one.expire();
}

/// Nobody reads: 51 events of 80 bytes have room.
void full_ring(StageDetector &one) {
    one.leave_events(true);
    for (unsigned block = 0; block < 60; ++block) {
        pass(one, 1, 1, last_port(one));
        step(one, 1, 100, Reason::threshold);
        one.advance(21s);
    }
    expect_true(one, one.counters().find("events_lost") == 9U, "60 blocks lose 9 events");
}

/// Events in memory that others have had: nothing of those is left.
void used_ring(StageDetector &one) {
    constexpr unsigned rounds = 6;
    for (unsigned block = 0; block < rounds * 52; ++block) {
        pass(one, 1, 0x1111, static_cast<std::uint16_t>(0x1110 + last_port(one)));
        step(one, 1, 0x3333, Reason::threshold);
        one.advance(21s);
    }
}

/// Every number of ports, each known from then on.
void all_ports(StageDetector &one) {
    constexpr std::uint16_t step_of_ports = 0x1f0d;
    const auto port = [](unsigned number) {
        return static_cast<std::uint16_t>(number * step_of_ports);
    };
    for (unsigned number = 0; number < one.options().max_ports; ++number) {
        step(one, 1, port(number), Reason::recorded);
        for (unsigned known = 0; known <= number; ++known) step(one, 1, port(known), Reason::known);
    }
    step(one, 1, port(one.options().max_ports), Reason::threshold);
    expect_blocked(one, 1);
    step(one, 1, port(0), Reason::blocked);
}

/// Where the clock is behind what is stored, by less than all that ages are held against: the age
/// is 0, nothing is over, and no timestamp goes back but that of a block.
void clock_behind(StageDetector &one) {
    const auto stamp = [&one](unsigned source) {
        const auto record = one.record(source);
        return record ? record->timestamp_ns : 0;
    };
    one.advance(1s);
    pass(one, 1, 1, 1);
    const std::uint64_t start = stamp(1);
    pass(one, 1, 2, last_port(one));
    pass(one, 2, 1, 1);
    one.advance(-5ns);
    for (std::uint16_t port = 1; port <= last_port(one); ++port) step(one, 1, port, Reason::known);
    for (std::uint16_t port = 2; port <= last_port(one); ++port)
        step(one, 2, port, Reason::recorded);
    expect_true(one, stamp(1) == start && stamp(2) == start, "no timestamp goes back");
    expect_true(one, one.expire().sources_left == 2, "nothing is over");
    step(one, 1, 100, Reason::threshold);
    expect_true(one, stamp(1) == start - 5, "a block has its own time");
    one.advance(-3ns);
    step(one, 1, 1, Reason::blocked);
    one.run(one.packet(1, 1, "A"));
    for (unsigned source = 3; source < 8; ++source) pass(one, source, 1, 1);
    expect_blocked(one, 1); // not over, and does not give way
    expect_true(one, one.expire().blocks_left == 1, "the block is not over");
    one.advance(4ns);
    step(one, 1, 1, Reason::recorded);
    expect_ports(one, 1, {1});
}

/// Ages right before and at the window and the duration of blocks, which are equal.
void exact_ages(StageDetector &one) {
    const auto window = one.options().window;
    const bool all = one.options().block_scope == BlockScope::all;
    const Verdict other = all ? Verdict::drop : Verdict::pass;
    one.advance(1s);
    step(one, 1, 1, Reason::recorded);
    for (unsigned i = 0; i < 3; ++i) { // refreshed each time
        one.advance(window - 1ns);
        step(one, 1, 1, Reason::known);
    }
    one.advance(window);
    step(one, 1, 1, Reason::recorded);
    pass(one, 1, 1, last_port(one));
    one.advance(window - 1ns);
    step(one, 1, last_port(one), Reason::known);
    step(one, 1, 100, Reason::threshold);
    one.advance(window - 1ns);
    step(one, 1, 1, Reason::blocked);
    expect_true(one, one.run(one.packet(1, 1, "A")) == Verdict::drop, "the block is in force");
    expect_true(one, one.run(one.packet(1, 1, "U")) == other, "the scope is kept to");
    expect_true(one, one.expire().blocks_left == 1, "the block is not over");
    one.advance(1ns);
    expect_true(one, one.run(one.packet(1, 1, "A")) == Verdict::pass, "the block is over");
    expect_true(one, one.run(one.packet(1, 1, "U")) == Verdict::pass, "the block is over");
    step(one, 1, 1, Reason::recorded);
    one.advance(2 * window - 1ns);
    expect_true(one, one.expire().sources_left == 1, "a record stays for twice the window");
    one.advance(1ns);
    one.expire_alone();
    expect_true(one, !one.has_record(1), "a record goes after twice the window");
}

/// Allowlisted from each state that a source can be in.
void allowed(StageDetector &one) {
    one.allow(1);
    for (std::uint16_t port = 1; port < 9; ++port) step(one, 1, port, Reason::allowlisted);
    for (const unsigned source : {2U, 3U}) {
        const std::uint16_t known = source == 2 ? 1 : std::min<std::uint16_t>(3, last_port(one));
        pass(one, source, 1, known);
        one.allow(source);
        for (std::uint16_t port = 1; port <= known; ++port) step(one, source, port, Reason::known);
        for (std::uint16_t port = 11; port < 20; ++port)
            step(one, source, port, Reason::allowlisted);
    }
    pass(one, 4, 1, last_port(one));
    one.allow(4);
    step(one, 4, 100, Reason::allowlisted);
    one.advance(one.options().window); // what there was is over
    for (const unsigned source : {2U, 3U, 4U}) step(one, source, 1, Reason::allowlisted);
    pass(one, 5, 1, last_port(one));
    drop(one, 5, 100);
    if (!one.ipv6()) return;
    one.allow(5 + 64); // within the blocked prefix
    step(one, 5 + 64, 1, Reason::allowlisted);
    expect_true(one, one.run(one.packet(5 + 64, 1, "A")) == Verdict::pass, "it is allowed");
    step(one, 5, 1, Reason::blocked);
    expect_true(one, one.run(one.packet(5, 1, "A")) == Verdict::drop, "only that one is allowed");
}

/// Ignored ports, from each state that a source can be in.
void ignored(StageDetector &one) {
    const auto ignore_all = [&one] {
        for (const PortRange &range : one.options().ignore_ports) {
            step(one, 1, range.first, Reason::ignored);
            step(one, 1, range.last, Reason::ignored);
        }
    };
    ignore_all();
    expect_true(one, !one.has_record(1), "nothing is recorded");
    pass(one, 1, 1, 1);
    ignore_all();
    one.advance(one.options().window);
    ignore_all();
    expect_ports(one, 1, {1});
    for (const PortRange &range : one.options().ignore_ports) {
        step(one, 2, static_cast<std::uint16_t>(range.first - 1), Reason::recorded);
        one.delete_record(2);
        step(one, 2, static_cast<std::uint16_t>(range.last + 1), Reason::recorded);
        one.delete_record(2);
    }
}

/// Every extension header behind every other: the segment is found, except behind two fragment
/// headers.
void extensions(StageDetector &one) {
    using Add = Packet &(*)(Packet &);
    constexpr std::array<Add, 6> headers{
        [](Packet &to) -> Packet & { return to.hop_by_hop(); },
        [](Packet &to) -> Packet & { return to.routing(); },
        [](Packet &to) -> Packet & { return to.destination_options(); },
        [](Packet &to) -> Packet & { return to.authentication(); },
        [](Packet &to) -> Packet & { return to.mobility(); },
        [](Packet &to) -> Packet & { return to.fragment_fields(0, false); }};
    for (const Add first : headers)
        for (const Add second : headers)
            for (const bool split : {false, true}) {
                Packet packet = one.packet(1, 22, "S");
                const Verdict verdict = one.run(second(first(packet)), split);
                const bool fragment_twice = first == headers.back() && second == headers.back();
                if (verdict != Verdict::pass || one.has_record(1) == fragment_twice)
                    throw StageFailure("a first probe behind two extension headers was " +
                                       std::string{verdict != Verdict::pass ? "dropped"
                                                   : fragment_twice         ? "recorded"
                                                                            : "overlooked"});
                if (!fragment_twice) one.delete_record(1);
            }
}

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
        add({}, "lost insertions", lost_insertions);
        add({}, "dead records", dead_records);
        add({}, "full registry", full_registry);
        add({}, "allowed", allowed);
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
            add(six, fmt::format("kept place of the dead, {} ports", ports),
                [=](StageDetector &one) { kept_place_of_the_dead(one, ports); });
        }
    }

    void add_of_time(unsigned max_ports) {
        const auto named = [&](const char *name) {
            return fmt::format("{}, max-ports {}", name, max_ports);
        };
        add({.max_ports = max_ports, .window = 1ns, .block_for = 1ns}, named("clock behind"),
            clock_behind);
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
