// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/fuzz_trial.h"

#include "sim/packet.h"

#include <algorithm>
#include <set>

namespace portscan {
namespace {

using Kind = FuzzStep::Kind;

/// Without the packets of others than the one whose record or outcome it is about.
void drop_bystanders(FuzzTrial &trial) {
    const auto &source = trial.best().difference.source;
    if (!source) return;
    FuzzRound round = trial.round();
    const Model model{round.options};
    std::erase_if(round.trace, [&](const FuzzStep &step) {
        return step.kind == Kind::packet &&
               model.source_of(read_packet(step.frame).source) != *source;
    });
    trial.take(std::move(round));
}

/// Without `count` steps that end before `end`.
FuzzRound without(const FuzzRound &round, std::size_t end, std::size_t count) {
    FuzzRound shorter = round;
    const auto last = shorter.trace.begin() + static_cast<std::ptrdiff_t>(end);
    shorter.trace.erase(last - static_cast<std::ptrdiff_t>(count), last);
    return shorter;
}

/// One pass from the end to the start. True if anything could be left out.
bool drop_chunks(FuzzTrial &trial, std::size_t count) {
    bool shorter = false;
    for (std::size_t end = trial.round().trace.size(); end >= count;) {
        shorter |= trial.take(without(trial.round(), end, count));
        end = std::min(end - count, trial.round().trace.size());
    }
    return shorter;
}

/// A SYN to the port, from the source's own or first address.
FuzzStep probe(const Prefix &source, std::uint16_t port, std::uint64_t time_ns) {
    const Host target{source.address.is_ipv6() ? "fd00::9" : "10.0.0.9"};
    return {.kind = Kind::packet,
            .time_ns = time_ns,
            .frame = tcp(source.address, target, port, "S").bytes()};
}

/// The ports that were probed, and as many more as a source may have, and one.
std::vector<std::uint16_t> ports_to_probe(const FuzzRound &round) {
    std::set<std::uint16_t> known;
    for (const FuzzStep &step : round.trace)
        if (const ModelPacket packet = read_packet(step.frame); packet.is_probe)
            known.insert(packet.port);
    std::vector<std::uint16_t> ports{known.begin(), known.end()};
    const std::size_t wanted = ports.size() + round.options.max_ports + 1;
    for (std::uint16_t port = 10'000; ports.size() < wanted; ++port) {
        const bool ignored =
            std::ranges::any_of(round.options.ignore_ports, [port](const PortRange &range) {
                return range.first <= port && port <= range.last;
            });
        if (!ignored && known.count(port) == 0) ports.push_back(port);
    }
    return ports;
}

/// When a record could be over for one and not for the other.
std::set<std::uint64_t> telling_moments(const FuzzRound &round) {
    std::set<std::uint64_t> durations{0};
    const auto add = [&](std::chrono::nanoseconds duration) {
        durations.insert(static_cast<std::uint64_t>(duration.count()));
        durations.insert(static_cast<std::uint64_t>(duration.count()) - 1);
    };
    add(round.options.window);
    if (round.options.block_for) add(*round.options.block_for);
    std::set<std::uint64_t> moments;
    for (const FuzzStep &step : round.trace)
        for (const std::uint64_t duration : durations)
            if (step.time_ns + duration >= round.trace.back().time_ns)
                moments.insert(step.time_ns + duration);
    return moments;
}

} // namespace

void drop_steps(FuzzTrial &trial) {
    drop_bystanders(trial);
    std::size_t count = std::max<std::size_t>(trial.round().trace.size() / 2, 1);
    while (trial.goes_on()) {
        const bool shorter = drop_chunks(trial, count);
        if (count == 1 && !shorter) return;
        count = std::max<std::size_t>(count / 2, 1);
    }
}

void prolong(FuzzTrial &trial) {
    const auto source = trial.best().difference.source;
    if (trial.best().difference.is_outcome || !source) return;
    const FuzzRound before = trial.round();
    for (const bool expire : {false, true}) {
        for (const std::uint64_t moment : telling_moments(before)) {
            FuzzRound longer = before;
            if (expire) longer.trace.push_back({.kind = Kind::expire, .time_ns = moment + 1});
            for (const std::uint16_t port : ports_to_probe(before))
                longer.trace.push_back(probe(*source, port, moment + 2 * (expire ? 1U : 0U)));
            if (trial.take_outcome(std::move(longer)) || !trial.goes_on()) return;
        }
    }
}

} // namespace portscan
