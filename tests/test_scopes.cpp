// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/small_simulator.h"

#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace test;

/// One kind of packet: what becomes of it while nobody knows its source, and when that is blocked.
struct Kind {
    const char *description;
    Packet packet;
    Outcome unknown;
    Outcome scope_tcp;
    Outcome scope_probes;
    Outcome scope_all;

    const Outcome &in(BlockScope scope) const {
        if (scope == BlockScope::tcp) return scope_tcp;
        return scope == BlockScope::probes ? scope_probes : scope_all;
    }
};

/// Kinds that either family has, sent by the scanner.
std::vector<Kind> common_kinds(const Family &family) {
    const auto segment = [&](const char *flags) {
        return tcp(family.scanner, family.host, 80, flags).payload_size(60);
    };
    const auto datagram = [&] { return udp(family.scanner, family.host, 53).payload_size(60); };
    return {
        {"SYN", segment("S"), recorded, blocked, blocked, blocked},
        {"FIN", segment("F"), recorded, blocked, blocked, blocked},
        {"ACK", segment("A"), not_probe, blocked, not_probe, blocked},
        {"SYN ACK", segment("SA"), not_probe, blocked, not_probe, blocked},
        {"RST", segment("R"), not_probe, blocked, not_probe, blocked},
        {"first fragment of a SYN", segment("S").fragment(0, 24), recorded, blocked, blocked,
         blocked},
        {"first fragment with ACK", segment("A").fragment(0, 24), not_probe, blocked, not_probe,
         blocked},
        {"first fragment without flags", segment("A").fragment(0, 8), recorded, blocked, blocked,
         blocked},
        {"later fragment of TCP", segment("S").fragment(8, 16), not_probe, blocked, not_probe,
         blocked},
        {"last fragment of TCP", segment("S").fragment(72, 8), not_probe, blocked, not_probe,
         blocked},
        {"UDP", datagram(), not_tcp, not_tcp, not_tcp, blocked},
        {"first fragment of UDP", datagram().fragment(0, 32), not_tcp, not_tcp, not_tcp, blocked},
        {"later fragment of UDP", datagram().fragment(32, 24), not_tcp, not_tcp, not_tcp, blocked},
        {"ICMP", icmp(family.scanner, family.host), not_tcp, not_tcp, not_tcp, blocked},
        {"GRE", ip(family.scanner, family.host, 47, Bytes(40)), not_tcp, not_tcp, not_tcp, blocked},
        {"UDP behind a tag", datagram().vlan(7), not_tcp, not_tcp, not_tcp, blocked},
        {"ACK behind two tags", segment("A").qinq(7, 8), not_probe, blocked, not_probe, blocked},
        {"SYN behind five tags", segment("S").qinq(1, 2).qinq(3, 4).vlan(5), not_ip, not_ip, not_ip,
         not_ip},
        {"malformed TCP", segment("S").data_offset(4), malformed, malformed, malformed, malformed},
        {"malformed IP", segment("S").version(5), malformed, malformed, malformed, malformed},
        {"ARP", ethernet(0x0806, Bytes(28)), not_ip, not_ip, not_ip, not_ip},
        {"802.3 frame", ethernet(46, Bytes(46)), not_ip, not_ip, not_ip, not_ip},
    };
}

std::vector<Kind> ipv6_kinds(const Family &family) {
    const auto segment = [&](const char *flags) {
        return tcp(family.scanner, family.host, 80, flags).payload_size(60);
    };
    auto nine = segment("S");
    for (int i = 0; i < 9; ++i) nine.destination_options();
    return {
        {"SYN behind extension headers", segment("S").hop_by_hop().routing(), recorded, blocked,
         blocked, blocked},
        {"ACK behind extension headers", segment("A").hop_by_hop().routing(), not_probe, blocked,
         not_probe, blocked},
        {"atomic fragment of a SYN", segment("S").fragment_fields(0, false), recorded, blocked,
         blocked, blocked},
        {"atomic fragment with ACK", segment("A").fragment_fields(0, false), not_probe, blocked,
         not_probe, blocked},
        {"nine extension headers", nine, not_tcp, not_tcp, not_tcp, blocked},
        {"second fragment header", segment("S").fragment_fields(0, false).fragment_fields(0, false),
         not_tcp, not_tcp, not_tcp, blocked},
        {"jumbogram", segment("S").hop_by_hop().ip_length(0), not_tcp, not_tcp, not_tcp, blocked},
        {"ESP", ip(family.scanner, family.host, 50, Bytes(40)), not_tcp, not_tcp, not_tcp, blocked},
        {"no next header", ip(family.scanner, family.host, 59, Bytes(8)), not_tcp, not_tcp, not_tcp,
         blocked},
    };
}

std::vector<Kind> kinds(const Family &family) {
    auto all = common_kinds(family);
    if (family.ipv6)
        for (auto &kind : ipv6_kinds(family)) all.push_back(kind);
    return all;
}

class Scopes : public BothFamilies {};
INSTANTIATE_TEST_SUITE_P(For, Scopes, testing::ValuesIn(families),
                         testing::PrintToStringParamName());

constexpr std::array scopes{BlockScope::tcp, BlockScope::probes, BlockScope::all};

TEST_P(Scopes, DecideWhatABlockedSourceMaySend) {
    for (const auto scope : scopes) {
        SCOPED_TRACE(to_string(scope));
        Simulator simulator{small({.block_scope = scope})};
        get_blocked(simulator, family.scanner, family.host);
        for (const auto &kind : kinds(family))
            EXPECT_EQ(step(simulator, kind.packet), kind.in(scope)) << kind.description;
    }
}

TEST_P(Scopes, AreTheSameForABlockByHand) {
    for (const auto scope : scopes) {
        SCOPED_TRACE(to_string(scope));
        Simulator simulator{small({.block_scope = scope})};
        simulator.block(family.scanner);
        for (const auto &kind : kinds(family))
            EXPECT_EQ(step(simulator, kind.packet), kind.in(scope)) << kind.description;
    }
}

TEST_P(Scopes, DoNotConcernOthers) {
    for (const auto scope : scopes) {
        SCOPED_TRACE(to_string(scope));
        Simulator simulator{small({.block_scope = scope})};
        simulator.block(family.bystander);
        for (const auto &kind : kinds(family)) {
            simulator.unblock(family.scanner);
            EXPECT_EQ(step(simulator, kind.packet), kind.unknown) << kind.description;
            const bool probe = kind.unknown == recorded;
            EXPECT_EQ(simulator.source(family.scanner).has_value(), probe) << kind.description;
        }
    }
}

TEST_P(Scopes, KnownButUnblockedSourceSendsWhatItLikes) {
    for (const auto scope : scopes) {
        SCOPED_TRACE(to_string(scope));
        Simulator simulator{small({.block_scope = scope})};
        simulator.run(syn(family, 80));
        for (const auto &kind : kinds(family))
            EXPECT_EQ(step(simulator, kind.packet), kind.unknown == recorded ? known : kind.unknown)
                << kind.description;
    }
}

TEST(ScopeAll, AddressesOfTheFamiliesAreNotMixedUp) {
    Simulator simulator{small({.block_scope = BlockScope::all, .ipv6_prefix = 32})};
    simulator.block("10.0.0.1");
    EXPECT_EQ(step(simulator, udp("a00:1::", "fd00::9", 53)), not_tcp) << "the same leading bytes";
    EXPECT_EQ(step(simulator, udp("::10.0.0.1", "fd00::9", 53)), not_tcp);
    simulator.block("2001:db8::");
    EXPECT_EQ(step(simulator, udp("32.1.13.184", "10.0.0.9", 53)), not_tcp);
}

} // namespace
} // namespace portscan
