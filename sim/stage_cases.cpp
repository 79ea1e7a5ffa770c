// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/stage_scripts.h"

#include "sim/stage_steps.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

namespace portscan {
namespace {

using namespace std::chrono_literals;

} // namespace

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

/// Link-local sources are told apart by the whole address.
void link_local(StageDetector &one) {
    constexpr unsigned local = 128;
    pass(one, 1 + local, 1, 3);
    step(one, 1 + local, 4, Reason::threshold);
    pass(one, 2 + local, 1, 1);
    const auto expect_all = [&one](unsigned source, Verdict verdict) {
        for (const char *const flags : {"S", "A", "U"})
            expect_true(one, one.run(one.packet(source, 1, flags)) == verdict,
                        "blocked alone, and whatever it sends");
    };
    expect_all(1 + local, Verdict::drop);
    expect_all(2 + local, Verdict::pass);
    expect_all(1, Verdict::pass);
    pass(one, 1, 2, 3);
    drop(one, 1, 4);
    expect_all(1 + 64, Verdict::drop); // of the same prefix
    expect_all(2 + local, Verdict::pass);
}

/// However many other ports are recorded, port 0 is none of them, although unused places hold 0.
void port_zero(StageDetector &one) {
    for (std::uint16_t ports = 1; ports <= last_port(one); ++ports) {
        pass(one, 1, 101, static_cast<std::uint16_t>(100 + ports));
        step(one, 1, 0, ports < last_port(one) ? Reason::recorded : Reason::threshold);
        one.delete_record(1);
        one.expire();
    }
}

/// Where the clock is behind what is stored, by less than all that ages are held against: the age
/// is 0, nothing is over, and no timestamp goes back but that of a block.
void clock_behind(StageDetector &one) {
    one.advance(1s);
    pass(one, 1, 1, 1);
    const std::uint64_t start = stamp(one, 1);
    pass(one, 1, 2, last_port(one));
    pass(one, 2, 1, 1);
    one.advance(-5ns);
    for (std::uint16_t port = 1; port <= last_port(one); ++port) step(one, 1, port, Reason::known);
    for (std::uint16_t port = 2; port <= last_port(one); ++port)
        step(one, 2, port, Reason::recorded);
    expect_true(one, stamp(one, 1) == start && stamp(one, 2) == start, "no timestamp goes back");
    expect_true(one, one.expire().sources_left == 2, "nothing is over");
    step(one, 1, 100, Reason::threshold);
    expect_true(one, stamp(one, 1) == start - 5, "a block has its own time");
    one.advance(-3ns);
    step(one, 1, 1, Reason::blocked);
    for (const char *const flags : {"A", "U"})
        expect_true(one, one.run(one.packet(1, 1, flags)) == Verdict::drop, "it is in force");
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

/// Twice the longest window is beyond the clock: a record never goes.
void longest_window(StageDetector &one) {
    pass(one, 1, 1, last_port(one));
    pass(one, 2, 1, 1);
    drop(one, 1, 100);
    one.advance(24h * 365);
    expect_true(one, one.expire().sources_left == 2, "nothing is ever over");
    pass(one, 2, 1, last_port(one));
    drop(one, 2, 100);
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
    const bool all = one.options().block_scope == BlockScope::all;
    if (one.ipv6()) {
        one.allow(5 + 64); // within the blocked prefix
        step(one, 5 + 64, 1, Reason::allowlisted);
        for (const char *const flags : {"A", "U"})
            expect_true(one, one.run(one.packet(5 + 64, 1, flags)) == Verdict::pass, "allowed");
    }
    step(one, 5, 1, Reason::blocked);
    expect_true(one, one.run(one.packet(5, 1, "A")) == Verdict::drop, "no other is allowed");
    expect_true(one, (one.run(one.packet(5, 1, "U")) == Verdict::drop) == all, "nor by UDP");
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

} // namespace portscan
