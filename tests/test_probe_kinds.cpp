// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/tcp_flags.h"
#include "tests/small_simulator.h"

#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace test;

class ProbeKinds : public BothFamilies {};
INSTANTIATE_TEST_SUITE_P(For, ProbeKinds, testing::ValuesIn(families),
                         testing::PrintToStringParamName());

struct NamedProbe {
    const char *description;
    const char *flags;
    Outcome first; ///< from a source that nobody knows
};

constexpr std::array named_probes{
    NamedProbe{"SYN and connect scan", "S", recorded},
    NamedProbe{"SYN that offers ECN", "SEC", recorded},
    NamedProbe{"SYN with ECE", "SE", recorded},
    NamedProbe{"SYN with CWR", "SC", recorded},
    NamedProbe{"NULL scan", "-", recorded},
    NamedProbe{"FIN scan", "F", recorded},
    NamedProbe{"Xmas scan", "FPU", recorded},
    NamedProbe{"SYN and FIN", "SF", recorded},
    NamedProbe{"PSH alone", "P", recorded},
    NamedProbe{"URG alone", "U", recorded},
    NamedProbe{"everything but ACK and RST", "SFPUEC", recorded},
    NamedProbe{"ACK and Window scan", "A", not_probe},
    NamedProbe{"Maimon scan", "FA", not_probe},
    NamedProbe{"the answer to a SYN", "SA", not_probe},
    NamedProbe{"data", "PA", not_probe},
    NamedProbe{"an end", "FPA", not_probe},
    NamedProbe{"a refusal", "RA", not_probe},
    NamedProbe{"RST alone", "R", not_probe},
    NamedProbe{"SYN and RST", "SR", not_probe},
    NamedProbe{"everything", "SFRPAUEC", not_probe},
};

TEST_P(ProbeKinds, AreThoseWithoutAckAndRst) {
    Simulator simulator{small()};
    for (const auto &[description, flags, first] : named_probes) {
        simulator.unblock(family.scanner);
        EXPECT_EQ(step(simulator, tcp(family.scanner, family.host, 80, flags)), first)
            << description;
        EXPECT_EQ(simulator.source(family.scanner).has_value(), first == recorded) << description;
    }
}

TEST_P(ProbeKinds, EveryFlagByteIsOneOrTheOther) {
    Simulator simulator{small()};
    std::uint64_t probes = 0;
    for (unsigned flags = 0; flags < 256; ++flags) {
        simulator.unblock(family.scanner);
        const bool probe = (flags & (tcp_ack | tcp_rst)) == 0;
        probes += probe;
        const auto packet = syn(family, 80).flags(static_cast<std::uint8_t>(flags));
        EXPECT_EQ(step(simulator, packet), probe ? recorded : not_probe) << flags;
    }
    EXPECT_EQ(simulator.counters().find("probes"), probes);
    EXPECT_EQ(probes, 64U);
}

TEST_P(ProbeKinds, FlagsAreFoundBehindTcpOptionsAndPayload) {
    Simulator simulator{small()};
    for (std::size_t options = 0; options <= 40; options += 4) {
        auto packet = syn(family, 80).tcp_options(Bytes(options, 0x01)).payload_size(options);
        simulator.unblock(family.scanner);
        EXPECT_EQ(step(simulator, packet), recorded) << options;
        EXPECT_EQ(step(simulator, packet.flags("A")), not_probe) << options;
    }
}

TEST_P(ProbeKinds, ReservedBitsAreNoFlags) {
    Simulator simulator{small()};
    auto frame = syn(family, 80).bytes();
    frame[frame.size() - 8] |= 0x0f; // beside the data offset
    EXPECT_EQ(simulator.step(frame).reason, Reason::recorded);
}

/// What a counter rises by for a packet.
std::uint64_t rise(Simulator &simulator, std::string_view counter, const Packet &packet) {
    const auto before = simulator.counters().find(counter).value();
    simulator.run(packet);
    return simulator.counters().find(counter).value() - before;
}

TEST_P(ProbeKinds, EveryWellFormedProbeCounts) {
    Simulator simulator{small({.ignore_ports = {{7, 7}}})};
    const auto counts = [&](const Packet &packet) { return rise(simulator, "probes", packet); };
    EXPECT_EQ(counts(syn(family, 7)), 1U) << "ignored";
    EXPECT_EQ(counts(syn(family, 1)), 1U) << "recorded";
    EXPECT_EQ(counts(syn(family, 1)), 1U) << "known";
    EXPECT_EQ(counts(syn(family, 2).payload_size(16).fragment(0, 8)), 1U) << "without flags";
    EXPECT_EQ(counts(syn(family, 3).payload_size(16).fragment(0, 24)), 1U) << "first fragment";
    EXPECT_EQ(counts(syn(family, 4)), 1U) << "threshold";
    EXPECT_EQ(counts(syn(family, 5)), 1U) << "blocked";
    simulator.allow(family.scanner);
    EXPECT_EQ(counts(syn(family, 6)), 1U) << "allowlisted";
}

TEST_P(ProbeKinds, NothingElseCounts) {
    Simulator simulator{small()};
    const auto counts = [&](const Packet &packet) { return rise(simulator, "probes", packet); };
    const auto long_syn = syn(family, 1).payload_size(100);
    EXPECT_EQ(counts(tcp(family.scanner, family.host, 1, "A")), 0U);
    EXPECT_EQ(counts(tcp(family.scanner, family.host, 1, "R")), 0U);
    EXPECT_EQ(counts(udp(family.scanner, family.host, 1)), 0U);
    EXPECT_EQ(counts(icmp(family.scanner, family.host)), 0U);
    EXPECT_EQ(counts(ethernet(0x0806, Bytes(28))), 0U);
    EXPECT_EQ(counts(Packet{long_syn}.fragment(24, 32)), 0U) << "later fragment";
    EXPECT_EQ(counts(Packet{long_syn}.flags("A").fragment(0, 24)), 0U) << "first, with ACK";
    EXPECT_EQ(counts(Packet{long_syn}.data_offset(4)), 0U) << "malformed";
}

constexpr std::array verdict_counters{"xdp_aborted", "xdp_drop", "xdp_pass", "xdp_tx",
                                      "xdp_redirect"};

TEST_P(ProbeKinds, EachPacketCountsUnderOneVerdict) {
    Simulator simulator{small({.max_ports = 1})};
    const std::vector<std::pair<const char *, Packet>> packets{
        {"xdp_pass", syn(family, 1)},
        {"xdp_pass", syn(family, 1)},
        {"xdp_drop", syn(family, 2)},
        {"xdp_drop", syn(family, 3)},
        {"xdp_drop", tcp(family.scanner, family.host, 1, "A")},
        {"xdp_pass", udp(family.scanner, family.host, 1)},
        {"xdp_pass", ethernet(0x0806, Bytes(28))},
        {"xdp_aborted", syn(family, 1).data_offset(4)},
    };
    for (const auto &[expected, packet] : packets) {
        const auto before = simulator.counters();
        simulator.run(packet);
        const auto after = simulator.counters();
        for (const char *counter : verdict_counters)
            EXPECT_EQ(*after.find(counter) - *before.find(counter), counter == expected)
                << counter << " for " << expected;
    }
}

} // namespace
} // namespace portscan
