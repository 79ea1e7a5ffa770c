// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/fuzz_trial.h"

#include "sim/packet.h"

#include <algorithm>
#include <array>

namespace portscan {
namespace {

using Kind = FuzzStep::Kind;

bool take_frame(FuzzTrial &trial, std::size_t index, Bytes frame) {
    if (trial.round().trace[index].frame == frame) return true;
    FuzzRound round = trial.round();
    round.trace[index].frame = std::move(frame);
    return trial.take(std::move(round));
}

/// A TCP packet with the same source and port, a probe where it was one; or a UDP packet.
bool take_plain_frame(FuzzTrial &trial, std::size_t index) {
    const ModelPacket packet = read_packet(trial.round().trace[index].frame);
    const Host target{packet.source.is_ipv6() ? "fd00::9" : "10.0.0.9"};
    if (packet.kind == ModelPacket::Kind::not_tcp)
        return take_frame(trial, index, udp(packet.source, target, 53).bytes());
    if (packet.kind != ModelPacket::Kind::tcp) return false;
    const char *const flags = packet.is_probe ? "S" : "A";
    return take_frame(trial, index, tcp(packet.source, target, packet.port, flags).bytes());
}

void shorten_frame(FuzzTrial &trial, std::size_t index) {
    constexpr std::size_t shortest = 14;
    for (std::size_t cut = trial.round().trace.at(index).frame.size(); cut > 0; cut /= 2) {
        while (index < trial.round().trace.size()) {
            Bytes frame = trial.round().trace[index].frame;
            if (frame.size() < shortest + cut) break;
            frame.resize(frame.size() - cut);
            if (!take_frame(trial, index, std::move(frame))) break;
        }
    }
}

void zero_octets(FuzzTrial &trial, std::size_t index) {
    for (const std::size_t width : {16, 4, 1}) {
        for (std::size_t at = 14; index < trial.round().trace.size(); at += width) {
            Bytes frame = trial.round().trace[index].frame;
            if (at >= frame.size()) break;
            const std::size_t end = std::min(at + width, frame.size());
            std::fill(frame.begin() + static_cast<std::ptrdiff_t>(at),
                      frame.begin() + static_cast<std::ptrdiff_t>(end), std::uint8_t{0});
            take_frame(trial, index, std::move(frame));
        }
    }
}

/// The least time from one step to the next: an action has a moment of its own.
std::uint64_t least_gap(const FuzzStep &before, const FuzzStep &after) {
    return before.kind != Kind::packet || after.kind != Kind::packet ? 1 : 0;
}

void run_forward(FuzzTrial &trial) {
    FuzzRound round = trial.round();
    for (std::size_t i = 1; i < round.trace.size(); ++i) {
        const FuzzStep &before = round.trace[i - 1];
        round.trace[i].time_ns =
            std::max(round.trace[i].time_ns, before.time_ns + least_gap(before, round.trace[i]));
    }
    trial.take(std::move(round));
}

void start_at_zero(FuzzTrial &trial) {
    FuzzRound round = trial.round();
    std::uint64_t first = UINT64_MAX;
    for (const FuzzStep &step : round.trace) first = std::min(first, step.time_ns);
    for (FuzzStep &step : round.trace) step.time_ns -= first;
    trial.take(std::move(round));
}

/// Moves the step, and with it what comes after, as near to the one before as goes.
void close_gap(FuzzTrial &trial, std::size_t index) {
    FuzzRound round = trial.round();
    const FuzzStep &before = round.trace[index - 1];
    const std::uint64_t earliest = before.time_ns + least_gap(before, round.trace[index]);
    if (round.trace[index].time_ns <= earliest) return;
    const std::uint64_t gap = round.trace[index].time_ns - earliest;
    for (std::size_t i = index; i < round.trace.size(); ++i)
        round.trace[i].time_ns -= std::min(gap, round.trace[i].time_ns);
    trial.take(std::move(round));
}

} // namespace

void reset_options(FuzzTrial &trial) {
    using Reset = void (*)(DetectorOptions &);
    constexpr std::array<Reset, 10> resets{
        [](DetectorOptions &options) { options.allow.clear(); },
        [](DetectorOptions &options) { options.ignore_ports.clear(); },
        [](DetectorOptions &options) { options.dry_run = DetectorOptions{}.dry_run; },
        [](DetectorOptions &options) { options.block_scope = DetectorOptions{}.block_scope; },
        [](DetectorOptions &options) { options.block_for = DetectorOptions{}.block_for; },
        [](DetectorOptions &options) { options.window = DetectorOptions{}.window; },
        [](DetectorOptions &options) { options.ipv6_prefix = DetectorOptions{}.ipv6_prefix; },
        [](DetectorOptions &options) { options.max_ports = 1; },
        [](DetectorOptions &options) { options.max_blocked.reset(); },
        [](DetectorOptions &options) { options.max_blocked6.reset(); }};
    for (const Reset reset : resets) {
        FuzzRound round = trial.round();
        reset(round.options);
        if (round.options != trial.round().options) trial.take(std::move(round));
    }
}

void simplify_frames(FuzzTrial &trial) {
    for (std::size_t index = 0; index < trial.round().trace.size(); ++index) {
        if (trial.round().trace[index].kind != Kind::packet) continue;
        if (take_plain_frame(trial, index)) continue;
        if (index < trial.round().trace.size()) shorten_frame(trial, index);
        if (index < trial.round().trace.size()) zero_octets(trial, index);
    }
}

void simplify_times(FuzzTrial &trial) {
    run_forward(trial);
    start_at_zero(trial);
    for (std::size_t index = 1; index < trial.round().trace.size(); ++index)
        close_gap(trial, index);
}

} // namespace portscan
