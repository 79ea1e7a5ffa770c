// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/fuzz_round.h"

#include "sim/fuzz_frames.h"
#include "sim/random.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using Kind = FuzzStep::Kind;

constexpr std::uint32_t room_for_insertions = 8000;
constexpr std::uint64_t least_room = 100;
/// Of the clock: what a capture's timestamps hold, in 2096.
constexpr std::uint64_t latest_ns = 4'000'000'000'000'000'000;

template <typename List>
auto pick(Random &random, const List &list) {
    return list[random.below(std::size(list))];
}

bool one_in(Random &random, std::uint64_t n) {
    return random.below(n) == 0;
}

/// An IPv4 address, or an IPv6 one: link-local or not, neighbours in few prefixes, so that sources
/// share some bits and not others.
Address draw_address(Random &random) {
    if (one_in(random, 2)) {
        const std::array<std::uint8_t, 4> bytes{10, 0, static_cast<std::uint8_t>(random.below(2)),
                                                static_cast<std::uint8_t>(random.next())};
        return Address::ipv4(bytes.data());
    }
    Address address = Address::ipv6(std::array<std::uint8_t, 16>{0x20, 0x01, 0x0d, 0xb8}.data());
    if (one_in(random, 4)) { // fe80::/10, and sometimes just outside of it
        address.bytes = {
            0xfe, static_cast<std::uint8_t>(0x80 | random.below(one_in(random, 4) ? 128 : 64))};
    }
    for (std::uint64_t changes = random.below(4); changes > 0; --changes)
        address.bytes.at(random.between(3, 15)) ^= static_cast<std::uint8_t>(1 << random.below(8));
    return address;
}

FuzzCast draw_cast(Random &random, const DetectorOptions &options) {
    FuzzCast cast;
    constexpr std::array<std::size_t, 6> crowds{1, 3, 10, 30, 100, 400};
    for (std::size_t count = pick(random, crowds); count > 0; --count)
        cast.sources.push_back(draw_address(random));
    for (std::uint64_t count = random.between(options.max_ports, options.max_ports + 6); count > 0;
         --count)
        cast.ports.push_back(
            static_cast<std::uint16_t>(one_in(random, 3) ? random.next() : random.below(30)));
    constexpr std::array<std::uint16_t, 4> special{0, 65535, 22, 443};
    cast.ports.push_back(pick(random, special));
    return cast;
}

std::vector<PortRange> draw_ignored(Random &random) {
    std::vector<PortRange> ranges;
    if (one_in(random, 2)) return ranges;
    for (std::uint64_t count = random.between(1, 3); count > 0; --count) {
        const auto first =
            static_cast<std::uint16_t>(one_in(random, 4) ? random.below(65000) : random.below(30));
        const auto width =
            static_cast<std::uint16_t>(one_in(random, 4) ? random.below(500) : random.below(3));
        ranges.push_back({first, static_cast<std::uint16_t>(first + width)});
    }
    return ranges;
}

Prefix draw_prefix(Random &random, const Address &address) {
    const unsigned bits = address.bits();
    const auto length = static_cast<unsigned>(one_in(random, 2)   ? bits
                                              : one_in(random, 2) ? random.between(bits / 2, bits)
                                                                  : random.between(1, bits));
    return {address.masked(length), length};
}

std::chrono::nanoseconds draw_window(Random &random) {
    constexpr std::array<std::chrono::nanoseconds, 12> windows{
        60s, 60s, 60s, 1s, 64s, 65s, 1ms, 1h, 1ns, 64ns, 129ns, std::chrono::nanoseconds::max()};
    return pick(random, windows);
}

/// Everything but lists of addresses, which need the cast.
DetectorOptions draw_options(Random &random) {
    DetectorOptions options;
    options.max_ports =
        static_cast<unsigned>(one_in(random, 3) ? random.between(1, 16) : random.between(1, 4));
    options.window = draw_window(random);
    constexpr std::array<std::chrono::nanoseconds, 6> durations{1s, 60s, 1h, 1ns, 90ms, 10min};
    if (!one_in(random, 3)) options.block_for = pick(random, durations);
    options.block_scope = static_cast<BlockScope>(random.below(3));
    options.ignore_ports = draw_ignored(random);
    constexpr std::array<unsigned, 8> prefixes{64, 64, 64, 32, 128, 127, 48, 33};
    options.ipv6_prefix =
        one_in(random, 5) ? static_cast<unsigned>(random.between(32, 128)) : pick(random, prefixes);
    options.dry_run = one_in(random, 8);
    constexpr std::array<std::uint32_t, 6> bounds{1, 2, 5, 20, 500, 500};
    options.max_blocked = pick(random, bounds);
    options.max_blocked6 = pick(random, bounds);
    options.max_sources = *options.max_blocked + 2 * room_for_insertions;
    options.max_sources6 = *options.max_blocked6 + 2 * room_for_insertions;
    return options;
}

/// Moves time on, and now and then to the nanosecond at which something is over.
class FuzzClock {
  public:
    FuzzClock(Random &random, const DetectorOptions &options) :
        random_(random),
        pause_(static_cast<std::uint64_t>(options.window.count()) / 512 % 1'000'000 + 1) {
        const auto add = [this](std::chrono::nanoseconds duration) {
            durations_.push_back(static_cast<std::uint64_t>(duration.count()));
        };
        add(options.window);
        add(std::min<std::chrono::nanoseconds>(options.window / 64, 1s));
        if (options.window < std::chrono::nanoseconds::max() / 2) add(2 * options.window);
        if (options.block_for) add(*options.block_for);
        past_.fill(now_);
    }

    std::uint64_t next() {
        const std::uint64_t then = drawn();
        if (then <= latest_ns) now_ = then;
        past_.at(random_.below(past_.size())) = now_;
        return now_;
    }
    /// A moment that no step before has had, while time runs forward.
    std::uint64_t next_alone() { return ++now_; }

  private:
    std::uint64_t drawn() {
        if (!one_in(random_, 8)) return one_in(random_, 2) ? now_ : now_ + random_.below(pause_);
        if (one_in(random_, 50)) return pick(random_, past_); // backwards
        const std::uint64_t duration = pick(random_, durations_);
        if (one_in(random_, 3)) return now_ + random_.below(duration / 8 + 1);
        // Exactly so long after something that happened, one earlier, one later.
        const std::uint64_t border = pick(random_, past_) + duration + random_.below(3) - 1;
        return border >= now_ || one_in(random_, 100) ? border : now_;
    }

    Random &random_;
    std::uint64_t pause_; ///< between two frames, mostly below that
    std::vector<std::uint64_t> durations_;
    std::uint64_t now_ = 1'000'000'000;
    std::array<std::uint64_t, 8> past_{};
};

FuzzStep draw_action(Random &random, const FuzzCast &cast, std::vector<Prefix> &allowed) {
    constexpr std::array<Kind, 10> kinds{
        Kind::unblock, Kind::unblock,  Kind::unblock,  Kind::unblock, Kind::block,
        Kind::allow,   Kind::disallow, Kind::disallow, Kind::expire,  Kind::expire};
    FuzzStep step{.kind = pick(random, kinds)};
    const Address address = pick(random, cast.sources);
    if (step.kind == Kind::unblock || step.kind == Kind::block) step.target = Prefix::host(address);
    if (step.kind == Kind::allow || step.kind == Kind::disallow)
        step.target = draw_prefix(random, address);
    if (step.kind == Kind::allow) allowed.push_back(step.target);
    if (step.kind == Kind::disallow && !allowed.empty()) {
        const std::size_t chosen = random.below(allowed.size());
        step.target = allowed[chosen];
        allowed.erase(allowed.begin() + static_cast<std::ptrdiff_t>(chosen));
    }
    return step;
}

FuzzTrace draw_trace(Random &random, const DetectorOptions &options, const FuzzCast &cast,
                     std::size_t frames) {
    FuzzTrace trace;
    trace.reserve(frames + frames / 16);
    FuzzFrames frame_source{random, cast};
    FuzzClock clock{random, options};
    std::vector<Prefix> allowed = options.allow;
    constexpr std::array<std::uint64_t, 4> rates{16, 40, 200, 1000};
    const std::uint64_t rate = pick(random, rates);
    while (frames > 0) {
        if (one_in(random, rate)) {
            trace.push_back(draw_action(random, cast, allowed));
            trace.back().time_ns = clock.next_alone();
            clock.next_alone();
        }
        trace.push_back({.time_ns = clock.next(), .frame = frame_source.next()});
        --frames;
    }
    return trace;
}

/// What was drawn gives way to what was given.
void fit_bounds(std::uint32_t &sources, std::optional<std::uint32_t> &blocked, bool sources_given,
                bool blocked_given) {
    if (!sources_given && blocked)
        sources = *blocked + std::max(*blocked, 2 * room_for_insertions);
    else if (!blocked_given && blocked)
        blocked = std::clamp(*blocked, 1U, std::max(1U, sources / 2));
}

void apply_given(const OptionOverrides &given, DetectorOptions &options) {
    given.apply(options);
    const auto is_given = [&](std::string_view name) {
        return std::ranges::any_of(given.values,
                                   [&](const auto &value) { return value.first == name; });
    };
    fit_bounds(options.max_sources, options.max_blocked, is_given("max-sources"),
               is_given("max-blocked"));
    fit_bounds(options.max_sources6, options.max_blocked6, is_given("max-sources6"),
               is_given("max-blocked6"));
    validate(options);
}

void check_room(const DetectorOptions &options) {
    if (insertions_without_eviction(options) >= least_room) return;
    throw OptionError(fmt::format("max-sources and max-sources6 have to exceed max-blocked and "
                                  "max-blocked6 by {} or more: the model never evicts",
                                  2 * least_room));
}

} // namespace

std::uint64_t insertions_without_eviction(const DetectorOptions &options) {
    return std::min(options.max_sources - options.blocked_limit(),
                    options.max_sources6 - options.blocked_limit6()) /
           2;
}

FuzzRound draw_round(std::uint64_t seed, std::uint64_t number, std::size_t frames,
                     const OptionOverrides &given) {
    Random random{seed, number};
    FuzzRound round{.options = draw_options(random), .trace = {}};
    const FuzzCast cast = draw_cast(random, round.options);
    if (one_in(random, 3))
        for (std::uint64_t count = random.between(1, 3); count > 0; --count)
            round.options.allow.push_back(draw_prefix(random, pick(random, cast.sources)));
    apply_given(given, round.options);
    check_room(round.options);
    round.trace = draw_trace(random, round.options, cast, frames);
    return round;
}

} // namespace portscan
