// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/attack.h"
#include "tests/stage.h"
#include "tests/two_cpus.h"

#include <array>
#include <numeric>
#include <random>

namespace portscan::attacks {
namespace {

using namespace test;

/// Frames of every kind that the detector tells apart.
std::vector<Bytes> frames_of_every_kind() {
    std::vector<Bytes> frames;
    const auto add = [&](const Packet &packet) { frames.push_back(packet.bytes()); };
    for (const Family &family : families) {
        for (unsigned source = 0; source < 8; ++source)
            for (std::uint16_t port = 1; port <= 4; ++port)
                add(tcp(numbered(family, source), family.host, port, "S"));
        for (const char *flags : {"A", "SA", "R", "FA", "-", "FPU"})
            add(tcp(family.scanner, family.host, 80, flags));
        add(tcp(family.scanner, family.host, 80, "S").vlan(7));
        add(tcp(family.scanner, family.host, 81, "S").fragment(0, 8));
        add(tcp(family.scanner, family.host, 81, "S").payload_size(64).fragment(32, 16));
        add(udp(family.scanner, family.host, 53));
        add(icmp(family.scanner, family.host));
        add(tcp(family.scanner, family.host, 1, "S").data_offset(4));
        add(tcp(family.scanner, family.host, 1, "S").ip_length(family.ipv6 ? 21 : 41));
        add(tcp(family.bystander, family.host, 22, "S")); // allowlisted
        add(tcp(family.bystander, family.host, 443, "S"));
    }
    add(ethernet(0x0806, Bytes(46)));
    return frames;
}

/// Counters that depend on a packet alone, whatever was before it.
constexpr std::array fixed_counters{PORTSCAN_PROBES, PORTSCAN_MALFORMED, PORTSCAN_NOT_IP,
                                    PORTSCAN_XDP_ABORTED};
using Fixed = std::array<std::uint64_t, fixed_counters.size()>;

Fixed read_fixed(const Stage &stage) {
    const auto counters = stage.counters.read();
    Fixed values{};
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = counters[fixed_counters[i]];
    return values;
}

/// What one frame adds to them.
Fixed measure(const Stage &stage, ByteView frame) {
    const Fixed before = read_fixed(stage);
    stage.run(frame);
    Fixed change = read_fixed(stage);
    for (std::size_t i = 0; i < change.size(); ++i) change[i] -= before[i];
    return change;
}

struct Tally {
    std::array<std::uint64_t, 5> verdicts{}; ///< by enum xdp_action
    std::vector<std::uint64_t> sent;         ///< by frame
};

/// Each thread sends frames at random, and keeps its own account.
std::array<Tally, 2> send(const Stage &stage, const std::vector<Bytes> &frames, unsigned packets) {
    std::array<Tally, 2> tallies;
    run_on_two_cpus([&](unsigned cpu, Line &line) {
        Tally tally{.sent = std::vector<std::uint64_t>(frames.size())};
        std::mt19937 random{cpu};
        line.arrive_and_wait();
        for (unsigned i = 0; i < packets; ++i) {
            const std::size_t chosen = random() % frames.size();
            ++tally.sent[chosen];
            ++tally.verdicts[static_cast<std::size_t>(stage.run(frames[chosen]))];
        }
        tallies[cpu] = std::move(tally);
    });
    return tallies;
}

} // namespace

void every_packet_counts(const AttackSettings &settings, Findings &findings) {
    const unsigned packets = settings.size(200'000, 5'000'000); // on each CPU
    const auto frames = frames_of_every_kind();
    DetectorOptions options{.max_sources = 1'000, .max_sources6 = 1'000};
    for (const Family &family : families) options.allow.push_back(*Prefix::parse(family.bystander));
    const Stage stage{options, Clock::capture, settings.object_path};
    std::vector<Fixed> each;
    each.reserve(frames.size());
    for (const Bytes &frame : frames) each.push_back(measure(stage, frame));
    const auto before = stage.counters.read();
    const auto tallies = send(stage, frames, packets);
    const auto after = stage.counters.read();

    const auto moved = [&](std::size_t counter) { return after[counter] - before[counter]; };
    const auto sum_of_verdicts = [&](Verdict verdict) {
        return tallies[0].verdicts[static_cast<std::size_t>(verdict)] +
               tallies[1].verdicts[static_cast<std::size_t>(verdict)];
    };
    findings.expect_equal("dropped", moved(PORTSCAN_XDP_DROP), sum_of_verdicts(Verdict::drop));
    findings.expect_equal("passed", moved(PORTSCAN_XDP_PASS) + moved(PORTSCAN_XDP_ABORTED),
                          sum_of_verdicts(Verdict::pass));
    std::uint64_t reasons = 0;
    for (std::size_t key = PORTSCAN_FIRST_REASON; key <= PORTSCAN_LAST_REASON; ++key)
        reasons += moved(key);
    findings.expect_equal("packets by reason", reasons, std::uint64_t{2} * packets);
    for (std::size_t i = 0; i < fixed_counters.size(); ++i) {
        std::uint64_t wanted = 0;
        for (std::size_t frame = 0; frame < frames.size(); ++frame)
            wanted += each[frame][i] * (tallies[0].sent[frame] + tallies[1].sent[frame]);
        findings.expect_equal(counter_names()[fixed_counters[i]], moved(fixed_counters[i]), wanted);
    }
    findings.figure("packets", std::uint64_t{2} * packets);
    findings.figure("kinds", frames.size());
}

} // namespace portscan::attacks
