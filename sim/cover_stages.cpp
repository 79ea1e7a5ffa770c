// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cover_stages.h"

#include "sim/cover_bench.h"

#include <array>
#include <chrono>
#include <fmt/format.h>
#include <random>
#include <stdexcept>
#include <string>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using Kind = Interference::Kind;

constexpr std::uint64_t every_attempt = ~0ULL;

/// The stages for one family of addresses. Sources are numbers, from 1.
class Stages {
  public:
    Stages(const Coverage &coverage, const std::string &object_path, bool ipv6) :
        coverage_(coverage),
        object_path_(object_path),
        ipv6_(ipv6) {}

    void run() {
        lost_swaps();
        lost_swaps_of_further_ports();
        lost_removals();
        changed_between_looks();
        kept_places();
        lost_insertions();
        last_block_taken();
        dead_records();
        full_maps();
        full_ring();
        if (ipv6_) extensions();
        for (const unsigned max_ports : {1U, 2U, 3U, 5U, 16U})
            for (const auto scope : {BlockScope::tcp, BlockScope::probes, BlockScope::all})
                storm(max_ports, scope);
    }

  private:
    CoverBench bench(DetectorOptions options) const {
        if (options.max_blocked == DetectorOptions{}.max_blocked)
            options.max_blocked = options.max_blocked6 = 4;
        return {coverage_, object_path_, options, ipv6_};
    }

    /// One probe, and what has to become of it.
    void expect(CoverBench &bench, unsigned source, std::uint16_t port, Verdict verdict) const {
        const Verdict got = bench.probe(source, port);
        if (got == verdict) return;
        throw std::logic_error(fmt::format("stage of {}: source {}, port {}: expected {}, got {}",
                                           ipv6_ ? "IPv6" : "IPv4", source, port,
                                           to_string(verdict), to_string(got)));
    }
    void pass(CoverBench &bench, unsigned source, std::uint16_t first, std::uint16_t last) const {
        for (std::uint16_t port = first; port <= last; ++port)
            expect(bench, source, port, Verdict::pass);
    }
    void drop(CoverBench &bench, unsigned source, std::uint16_t port) const {
        expect(bench, source, port, Verdict::drop);
    }

    void lost_swaps() const;
    void lost_swaps_of_further_ports() const;
    void lost_removals() const;
    void changed_between_looks() const;
    void kept_places() const;
    void lost_insertions() const;
    void last_block_taken() const;
    void dead_records() const;
    void full_maps() const;
    void full_ring() const;
    void extensions() const;
    void storm(unsigned max_ports, BlockScope scope) const;
    void storm_step(CoverBench &bench, std::mt19937 &random) const;

    const Coverage &coverage_;
    const std::string &object_path_;
    bool ipv6_;
};

void Stages::lost_swaps() const {
    CoverBench one = bench({});
    pass(one, 1, 1, 1);
    one.other_cpu().expect(Kind::swap, 1);
    pass(one, 1, 2, 3); // looks again, then records
    one.other_cpu().expect(Kind::swap, 1);
    drop(one, 1, 4); // looks again, then blocks
    pass(one, 2, 1, 1);
    one.other_cpu().expect(Kind::swap, every_attempt);
    drop(one, 2, 2); // contention
}

void Stages::lost_swaps_of_further_ports() const {
    CoverBench one = bench({.max_ports = 6});
    pass(one, 1, 1, 3);
    one.other_cpu().expect(Kind::swap, 1);
    pass(one, 1, 4, 4);
    pass(one, 2, 1, 6);
    one.other_cpu().expect(Kind::swap, 1);
    drop(one, 2, 7);
    pass(one, 3, 1, 3);
    one.other_cpu().expect(Kind::update, every_attempt);
    pass(one, 3, 4, 4);
}

void Stages::lost_removals() const {
    for (const unsigned max_ports : {1U, 4U}) {
        CoverBench one = bench({.max_ports = max_ports, .window = 10s, .block_for = 20s});
        const auto last = static_cast<std::uint16_t>(max_ports);
        pass(one, 1, 1, 1);
        pass(one, 2, 1, last);
        drop(one, 2, 100);
        one.advance(60s);
        one.other_cpu().expect(Kind::swap, 0b11);
        one.expire(); // removes neither
        one.other_cpu().expect(Kind::swap, 1);
        pass(one, 1, 1, 1); // looks again, then afresh
        one.other_cpu().expect(Kind::swap, 1);
        pass(one, 2, 1, 1);
        one.advance(20s);
        one.other_cpu().expect(Kind::swap, 1);
        pass(one, 1, 1, 1);
    }
}

/// The first look is that of the common path, the second one decides, and the third makes sure that
/// the memory still is this source's.
void Stages::changed_between_looks() const {
    CoverBench one = bench({});
    pass(one, 1, 1, 1);
    one.other_cpu().expect(Kind::lookup_block, 0b10);
    drop(one, 1, 2);
    pass(one, 2, 1, 1);
    one.other_cpu().expect(Kind::lookup_gone, 0b100);
    pass(one, 2, 2, 4); // the first one afresh
    drop(one, 2, 5);
    pass(one, 3, 1, 1);
    one.allow(3 + 64);
    one.other_cpu().expect(Kind::lookup_block, 0b10);
    if (ipv6_) { // an allowlisted address within the prefix that has just been blocked
        pass(one, 3 + 64, 2, 2);
        drop(one, 3, 1);
    } else { // the same address: the next expiry pass lifts the block
        drop(one, 3 + 64, 2);
        one.expire();
    }
    pass(one, 3 + 64, 3, 9);
}

/// A source that keeps its place puts out a block that is over; unless that changes meanwhile.
void Stages::kept_places() const {
    for (const std::uint16_t ports : {std::uint16_t{1}, std::uint16_t{4}})
        for (const std::uint64_t pattern : {0b00ULL, 0b10ULL}) {
            CoverBench one = bench({.max_ports = 6, .block_for = 1s});
            pass(one, 1, 1, 6);
            drop(one, 1, 100);
            pass(one, 2, 1, ports);
            pass(one, 3, 1, 1);
            pass(one, 4, 1, 1);
            one.advance(2s);
            one.other_cpu().expect(Kind::swap, pattern); // its own swap first, then the removal
            pass(one, 2, static_cast<std::uint16_t>(ports + 1),
                 static_cast<std::uint16_t>(ports + 1));
        }
}

void Stages::lost_insertions() const {
    CoverBench one = bench({});
    one.other_cpu().expect(Kind::update, 1);
    pass(one, 1, 1, 1);
}

void Stages::last_block_taken() const {
    for (const unsigned max_ports : {1U, 4U}) {
        CoverBench one = bench({.max_ports = max_ports, .max_blocked = 1, .max_blocked6 = 1});
        const auto last = static_cast<std::uint16_t>(max_ports);
        pass(one, 1, 1, last);
        one.other_cpu().expect(Kind::add, 1);
        drop(one, 1, 100); // refused
    }
}

void Stages::dead_records() const {
    CoverBench one = bench({});
    pass(one, 1, 1, 1);
    one.kill_record(1);
    drop(one, 1, 1); // contention
    one.expire();
    for (unsigned source = 2; source < 9; ++source) pass(one, source, 1, 1); // none to evict
}

void Stages::full_maps() const {
    CoverBench plain = bench({});
    plain.fill_registry();
    drop(plain, 1, 1);
    CoverBench more = bench({.max_ports = 6});
    pass(more, 1, 1, 3);
    more.fill_ports();
    drop(more, 1, 4);
    more.expire(); // takes out what belongs to nobody
    pass(more, 1, 4, 4);
    more.delete_record(1);
    more.expire();
}

void Stages::full_ring() const {
    for (const unsigned max_ports : {1U, 4U}) {
        CoverBench one = bench({.max_ports = max_ports, .block_for = 1s});
        for (unsigned block = 0; block < 60; ++block) { // 80 bytes each
            pass(one, 1, 1, static_cast<std::uint16_t>(max_ports));
            drop(one, 1, 100);
            one.advance(2s);
        }
    }
}

/// Every extension header behind every other: the segment is found, except behind two fragment
/// headers.
void Stages::extensions() const {
    CoverBench one = bench({});
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
                    throw std::logic_error("a first probe behind two extension headers was " +
                                           std::string{verdict != Verdict::pass ? "dropped"
                                                       : fragment_twice         ? "recorded"
                                                                                : "overlooked"});
                if (!fragment_twice) one.delete_record(1);
            }
}

/// Traffic, time and other hands, all mixed; the same each time.
void Stages::storm(unsigned max_ports, BlockScope scope) const {
    constexpr unsigned steps = 16'000;
    DetectorOptions options{.max_ports = max_ports, .window = 10s, .block_scope = scope};
    if (scope != BlockScope::probes) options.block_for = 20s;
    options.dry_run = max_ports == 2;
    options.ignore_ports = {{7, 7}, {21, 21}};
    CoverBench one = bench(options);
    one.allow(5);
    one.allow(6 + 64); // its neighbours within the IPv6 prefix are not
    std::mt19937 random{max_ports};
    for (unsigned i = 0; i < steps; ++i) storm_step(one, random);
}

void Stages::storm_step(CoverBench &bench, std::mt19937 &random) const {
    const auto one_in = [&random](unsigned count) { return random() % count == 0; };
    unsigned source = static_cast<unsigned>(random() % 12);
    if (one_in(4)) source += 64;
    if (one_in(8)) source += one_in(2) ? 64 : 128;
    constexpr std::array kinds{Kind::swap,   Kind::block,        Kind::add,
                               Kind::update, Kind::lookup_block, Kind::lookup_gone};
    if (one_in(6))
        bench.other_cpu().expect(kinds.at(random() % kinds.size()),
                                 one_in(8) ? every_attempt : random() % 8);
    if (one_in(10)) bench.other_cpu().expect(Kind::swap, 0);
    if (one_in(40)) bench.advance(one_in(3) ? 25s : 3s);
    if (one_in(40)) bench.advance(400ms);
    if (one_in(150)) bench.expire();
    if (one_in(150) && bench.has_record(source)) bench.delete_record(source);
    if (one_in(300) && bench.has_record(source)) bench.kill_record(source);
    const auto port = static_cast<std::uint16_t>(random() % 24);
    const char *const flags = one_in(8) ? "A" : one_in(12) ? "U" : "S";
    const Verdict verdict = bench.run(bench.packet(source, port, flags), one_in(3));
    if (verdict != Verdict::pass && verdict != Verdict::drop)
        throw std::logic_error(
            fmt::format("storm: a packet was answered by {}", to_string(verdict)));
}

} // namespace

void run_cover_stages(const Coverage &coverage, const std::string &object_path) {
    for (const bool ipv6 : {false, true}) Stages{coverage, object_path, ipv6}.run();
}

} // namespace portscan
