// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/stage_scripts.h"

#include "sim/stage_steps.h"

#include <algorithm>
#include <chrono>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using Kind = Interference::Kind;

constexpr std::uint64_t every_attempt = ~0ULL;
/// As long as a dead record stays: 1,024 units of 2^20 ns (bpf/expiry.bpf.h).
constexpr std::chrono::nanoseconds dead_unit{1 << 20};
constexpr std::chrono::nanoseconds dead_time = 1024 * dead_unit;

} // namespace

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

/// Another CPU records the port between the first look and the second, which then knows it and
/// refreshes the record, when that is due: not before, and never to an earlier time.
void recorded_between_looks(StageDetector &one) {
    const auto refresh = std::max(one.options().window / 64, std::chrono::nanoseconds{1});
    one.advance(1s);
    pass(one, 1, 1, 1);
    const std::uint64_t start = stamp(one, 1);
    one.advance(-5ns);
    one.other_cpu().expect(Kind::lookup_second, 0b10);
    step(one, 1, 2, Reason::known);
    expect_ports(one, 1, {1, 2});
    expect_true(one, stamp(one, 1) == start, "no timestamp goes back");
    one.advance(5ns + refresh - 1ns);
    one.other_cpu().expect(Kind::lookup_third, 0b10);
    step(one, 1, 3, Reason::known);
    expect_ports(one, 1, {1, 2, 3});
    expect_true(one, stamp(one, 1) == start, "the record is not refreshed yet");
    pass(one, 2, 1, 1);
    const std::uint64_t second_start = stamp(one, 2);
    one.advance(refresh);
    one.other_cpu().expect(Kind::lookup_second, 0b10);
    step(one, 2, 2, Reason::known);
    expect_true(one, stamp(one, 2) == second_start + static_cast<std::uint64_t>(refresh.count()),
                "the record is refreshed");
}

/// A block that is over at the first look is at the second one a record in force. An ignored port
/// is ignored then, too, and no other.
void alive_between_looks(StageDetector &one) {
    constexpr std::uint16_t ignored = 7;
    for (const std::uint16_t port : {ignored, std::uint16_t{1}, std::uint16_t{3}}) {
        pass(one, port, 1, 3);
        drop(one, port, 4);
        one.advance(*one.options().block_for);
        one.other_cpu().expect(Kind::lookup_alive, 0b10);
        step(one, port, port, port == ignored ? Reason::ignored : Reason::known);
        expect_ports(one, port, {1, 2, 3});
        drop(one, port, ignored + 64); // the same bit of the next word
    }
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

/// The kernel refuses to delete a record that gives way, a block that is over or none: to a source
/// that keeps its place, with that many ports, or to a new one (0).
void gave_way_dead(StageDetector &one, std::uint16_t ports, bool blocked) {
    pass(one, 1, 1, 6);
    if (blocked) drop(one, 1, 100);
    pass(one, 2, 1, std::max<std::uint16_t>(ports, 1));
    pass(one, 3, 1, 1);
    pass(one, 4, 1, 1);
    one.advance(2s);
    one.other_cpu().expect(Kind::keep, 1);
    if (ports == 0)
        step(one, 5, 1, Reason::recorded);
    else
        step(one, 2, static_cast<std::uint16_t>(ports + 1), Reason::recorded);
    expect_true(one, one.has_dead_record(1), "what gave way is dead");
    one.expire_alone();
}

void lost_insertions(StageDetector &one) {
    one.other_cpu().expect(Kind::update, 1);
    step(one, 1, 1, Reason::known);
    expect_ports(one, 1, {1});
}

/// Others take a whole turn of places while a record is put in: it is removed, comes in anew, and
/// gives way at its new place.
void overtaken_insertions(StageDetector &one) {
    one.other_cpu().expect(Kind::turn, 1);
    for (unsigned source = 1; source < 5; ++source) step(one, source, 1, Reason::recorded);
    expect_true(one, one.has_record(1), "it has a place of its own");
    step(one, 5, 1, Reason::recorded);
    expect_true(one, !one.has_record(1), "the oldest gives way");
    one.other_cpu().expect(Kind::turn, every_attempt);
    step(one, 6, 1, Reason::contention);
    expect_true(one, !one.has_record(6), "whoever is always overtaken leaves nothing behind");
}

/// Another CPU took a place and never used it: what stood there is passed over. Where the map is
/// full for that, somebody else gives way; and the next pass puts it right.
void passed_over(StageDetector &one) {
    for (unsigned block = 1; block < 5; ++block) {
        pass(one, block, 1, last_port(one));
        drop(one, block, 100);
    }
    for (unsigned source = 5; source < 9; ++source) pass(one, source, 1, 1);
    one.other_cpu().expect(Kind::add, 1);
    for (unsigned source = 9; source < 13; ++source) step(one, source, 1, Reason::recorded);
    expect_true(one, one.has_record(5), "nobody took its place");
    expect_true(one, !one.has_record(9), "another one gave way for the last");
    one.other_cpu().expect(Kind::swap, 1);
    expect_true(one, one.expire().sources_freed == 0, "not while it changes");
    expect_true(one, one.expire().sources_freed == 1, "it is removed");
    expect_true(one, !one.has_record(5), "it is the one that was passed over");
    for (unsigned source = 13; source < 23; ++source) step(one, source, 1, Reason::recorded);
    expect_true(one, one.expire().sources_left == 8, "the places are all of use");
}

/// The same with room left, so that each source takes one place: it stays for two turns.
void passed_over_with_room(StageDetector &one) {
    for (unsigned source = 1; source < 5; ++source) pass(one, source, 1, 1);
    one.other_cpu().expect(Kind::add, 1);
    for (unsigned source = 5; source < 8; ++source) step(one, source, 1, Reason::recorded);
    expect_true(one, one.expire().sources_freed == 0, "two turns are not over");
    step(one, 8, 1, Reason::recorded);
    expect_true(one, one.has_record(1), "nobody took its place");
    expect_true(one, one.expire().sources_freed == 1, "it is removed");
    expect_true(one, !one.has_record(1), "it is the one that was passed over");
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

} // namespace portscan
