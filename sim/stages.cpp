// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/stages.h"

#include "sim/stage_steps.h"

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
    constexpr std::uint16_t step_of_ports = 0x0f0d;
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
        add({}, "frames", play_frames);
        add({}, "frames in one buffer", play_frames, false);
        add({}, "first look", play_first_look);
        if (ipv6_) add({}, "extension headers", extensions);
        for (const unsigned max_ports : {2U, 6U})
            add({.max_ports = max_ports, .window = 1ns, .block_for = 1ns},
                fmt::format("clock behind, max-ports {}", max_ports), clock_behind);
        const DetectorOptions six{.max_ports = 6, .block_for = 1s};
        add(six, "lost swaps of further ports", lost_swaps_of_further_ports);
        add(six, "ports of another life", ports_of_another_life);
        add(six, "full ports", full_ports);
        for (const auto ports : {std::uint16_t{1}, std::uint16_t{4}})
            for (const std::uint64_t pattern : {0b00ULL, 0b01ULL, 0b10ULL})
                add(six, fmt::format("kept places, {} ports, swaps {:#04b}", ports, pattern),
                    [=](StageDetector &one) { kept_places(one, ports, pattern); });
        for (const unsigned max_ports : {1U, 4U}) add_with_bound(max_ports);
        for (const unsigned max_ports : {1U, 2U, 3U, 5U, 16U})
            for (const auto scope : {BlockScope::tcp, BlockScope::probes, BlockScope::all})
                add_storm(max_ports, scope, storm_steps);
        add_storm(4, BlockScope::tcp, storm_steps);
    }

  private:
    void add(DetectorOptions options, const std::string &name, Script script, bool frags = true) {
        stages_.push_back({.name = fmt::format("{}: {}", ipv6_ ? "IPv6" : "IPv4", name),
                           .setting = {std::move(options), frags},
                           .ipv6 = ipv6_,
                           .script = std::move(script)});
    }

    void add_with_bound(unsigned max_ports) {
        const DetectorOptions short_lived{.max_ports = max_ports, .window = 10s, .block_for = 20s};
        const auto named = [&](const char *name) {
            return fmt::format("{}, max-ports {}", name, max_ports);
        };
        add(short_lived, named("lost removals"), lost_removals);
        add(short_lived, named("refused deletions"), refused_deletions);
        add(short_lived, named("full ring"), full_ring);
        add(short_lived, named("used ring"), used_ring);
        add({.max_ports = max_ports, .max_blocked = 1, .max_blocked6 = 1},
            named("last block taken"), last_block_taken);
    }

    void add_storm(unsigned max_ports, BlockScope scope, std::size_t steps) {
        DetectorOptions options{.max_ports = max_ports, .window = 10s, .block_scope = scope};
        if (scope != BlockScope::probes) options.block_for = 20s;
        options.dry_run = max_ports == 2;
        options.ignore_ports = {{7, 7}, {21, 21}};
        const std::array scopes{"tcp", "probes", "all"};
        const std::string under = fmt::format("max-ports {}, scope {}", max_ports,
                                              scopes.at(static_cast<std::size_t>(scope)));
        add(options, "storm, " + under, [steps](StageDetector &one) { play_storm(one, steps); });
        if (scope == BlockScope::tcp) add(options, "all ports, " + under, all_ports);
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
    detector.reset(stage.ipv6);
    detector.write_to(log);
    stage.script(detector);
    detector.write_to(nullptr);
    if (log != nullptr) log->finish();
}

} // namespace portscan
