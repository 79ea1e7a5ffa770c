// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/small_simulator.h"

#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace test;

/// The address after (+1) or before (-1) this one, in the order of numbers; wraps.
Address next_to(Address address, int direction) {
    for (unsigned i = address.bits() / 8; i-- > 0;) {
        auto &byte = address.bytes[i];
        byte = static_cast<std::uint8_t>(byte + direction);
        if (byte != (direction > 0 ? 0x00 : 0xff)) break;
    }
    return address;
}

Address last_of(const Prefix &prefix) {
    Address address = prefix.address;
    for (unsigned bit = prefix.length; bit < address.bits(); ++bit)
        address.bytes[bit / 8] |= static_cast<std::uint8_t>(0x80U >> bit % 8);
    return address;
}

class AllowlistPrefixes : public BothFamilies {};
INSTANTIATE_TEST_SUITE_P(For, AllowlistPrefixes, testing::ValuesIn(families),
                         testing::PrintToStringParamName());

TEST_P(AllowlistPrefixes, CoverTheirAddressesAndNoOthers) {
    Simulator simulator{small()};
    const Address base =
        Address::parse(family.ipv6 ? "a55a:a55a:5aa5:a55a:a55a:5aa5:a55a:5aa5" : "165.90.165.90")
            .value();
    const auto outcome = [&](const Address &source) {
        simulator.unblock(source.to_string());
        return step(simulator, tcp(source, family.host, 80, "S"));
    };
    for (unsigned length = 0; length <= base.bits(); ++length) {
        const Prefix prefix{base.masked(length), length};
        SCOPED_TRACE(prefix.to_string());
        simulator.allow(prefix.to_string());
        EXPECT_EQ(outcome(prefix.address), allowlisted);
        EXPECT_EQ(outcome(base), allowlisted);
        EXPECT_EQ(outcome(last_of(prefix)), allowlisted);
        if (length > 0) {
            EXPECT_EQ(outcome(next_to(prefix.address, -1)), recorded);
            EXPECT_EQ(outcome(next_to(last_of(prefix), +1)), recorded);
        }
        EXPECT_TRUE(simulator.disallow(prefix.to_string()));
        EXPECT_EQ(outcome(base), recorded);
    }
}

TEST_P(AllowlistPrefixes, EntryWithinAnotherCanGo) {
    Simulator simulator{small()};
    simulator.allow(family.ipv6 ? "2001:db8::/32" : "10.0.0.0/8");
    simulator.allow(family.scanner);
    EXPECT_TRUE(simulator.disallow(family.scanner));
    EXPECT_EQ(step(simulator, syn(family, 1)), allowlisted);
}

/// One address is allowed; a neighbour within the same source prefix gets that prefix blocked.
class AllowedInsideABlock : public testing::Test {
  protected:
    static constexpr auto scanner = "2001:db8::bad";
    static constexpr auto friendly = "2001:db8::600d";
    static constexpr auto host = "fd00::9";
};

TEST_F(AllowedInsideABlock, PassesWhileTheRestIsDropped) {
    for (const bool before : {true, false}) {
        SCOPED_TRACE(before ? "allowed before the block" : "allowed after the block");
        Simulator simulator{small()};
        if (before) simulator.allow(friendly);
        get_blocked(simulator, scanner, host);
        if (!before) {
            EXPECT_EQ(step(simulator, tcp(friendly, host, 1, "S")), blocked);
            simulator.allow(friendly);
        }
        EXPECT_TRUE(simulator.source(scanner)->blocked) << "the entry does not cover the prefix";
        EXPECT_EQ(step(simulator, tcp(scanner, host, 1, "S")), blocked);
        EXPECT_EQ(step(simulator, tcp(scanner, host, 1, "A")), blocked);
        for (const char *flags : {"S", "A", "R", "FPU"})
            EXPECT_EQ(step(simulator, tcp(friendly, host, 1, flags)), allowlisted);
        EXPECT_EQ(step(simulator, tcp(friendly, host, 1, "S").payload_size(64).fragment(24, 32)),
                  allowlisted);
    }
}

TEST_F(AllowedInsideABlock, PassesInEveryScope) {
    Simulator all{small({.block_scope = BlockScope::all})};
    all.allow(friendly);
    get_blocked(all, scanner, host);
    EXPECT_EQ(step(all, udp(scanner, host, 53)), blocked);
    EXPECT_EQ(step(all, udp(friendly, host, 53)), allowlisted);
    EXPECT_EQ(step(all, icmp(friendly, host)), allowlisted);

    Simulator probes{small({.block_scope = BlockScope::probes})};
    probes.allow(friendly);
    get_blocked(probes, scanner, host);
    EXPECT_EQ(step(probes, tcp(friendly, host, 1, "S")), allowlisted);
    EXPECT_EQ(step(probes, tcp(friendly, host, 1, "A")), not_probe);
}

TEST_F(AllowedInsideABlock, ItsProbesAreNotThoseOfThePrefix) {
    Simulator simulator{small()};
    simulator.allow(friendly);
    for (std::uint16_t port = 1; port <= 9; ++port)
        EXPECT_EQ(step(simulator, tcp(friendly, host, port, "S")), allowlisted);
    EXPECT_FALSE(simulator.source(scanner));
}

TEST_F(AllowedInsideABlock, IsDroppedAgainWhenTheEntryGoes) {
    Simulator simulator{small()};
    simulator.allow(friendly);
    simulator.allow("2001:db8::700d");
    get_blocked(simulator, scanner, host);
    EXPECT_TRUE(simulator.disallow(friendly));
    EXPECT_EQ(step(simulator, tcp(friendly, host, 1, "S")), blocked);
    EXPECT_EQ(step(simulator, tcp("2001:db8::700d", host, 1, "S")), allowlisted);
    EXPECT_TRUE(simulator.disallow("2001:db8::700d"));
    EXPECT_EQ(step(simulator, tcp("2001:db8::700d", host, 1, "S")), blocked);
}

TEST_F(AllowedInsideABlock, EntryGivenTwiceCountsOnce) {
    Simulator simulator{small()};
    simulator.allow(friendly);
    simulator.allow(friendly);
    get_blocked(simulator, scanner, host);
    simulator.disallow(friendly);
    EXPECT_EQ(step(simulator, tcp(friendly, host, 1, "S")), blocked);
}

TEST_F(AllowedInsideABlock, CanBeAPartOfThePrefix) {
    Simulator simulator{small({.ipv6_prefix = 48})};
    simulator.allow("2001:db8:0:1::/64");
    get_blocked(simulator, "2001:db8:0:2::1", host);
    EXPECT_EQ(step(simulator, tcp("2001:db8:0:1::1", host, 1, "S")), allowlisted);
    EXPECT_EQ(step(simulator, tcp("2001:db8:0:3::1", host, 1, "S")), blocked);
    EXPECT_EQ(step(simulator, tcp("2001:db8:0:0::1", host, 1, "S")), blocked);
}

TEST_F(AllowedInsideABlock, DoesNotHinderABlockByHand) {
    Simulator simulator{small()};
    simulator.allow(friendly);
    EXPECT_EQ(simulator.block(scanner), BlockOutcome::blocked);
    EXPECT_EQ(step(simulator, tcp(scanner, host, 1, "S")), blocked);
    EXPECT_EQ(step(simulator, tcp(friendly, host, 1, "S")), allowlisted);
}

TEST_F(AllowedInsideABlock, OtherPrefixesAreNotConcerned) {
    Simulator simulator{small()};
    simulator.allow(friendly);
    get_blocked(simulator, "2001:db8:0:7::1", host);
    EXPECT_EQ(step(simulator, tcp("2001:db8:0:7::600d", host, 1, "S")), blocked);
}

TEST(AllowedLinkLocal, IsAWholeSource) {
    Simulator simulator{small()};
    get_blocked(simulator, "fe80::1", "fe80::9");
    get_blocked(simulator, "fe80::2", "fe80::9");
    simulator.allow("fe80::1");
    EXPECT_EQ(step(simulator, tcp("fe80::1", "fe80::9", 1, "S")), allowlisted);
    EXPECT_EQ(step(simulator, tcp("fe80::2", "fe80::9", 1, "S")), blocked);
    simulator.allow("fe80::/64");
    EXPECT_EQ(step(simulator, tcp("fe80::2", "fe80::9", 1, "S")), allowlisted);
    EXPECT_TRUE(simulator.sources().empty());
}

} // namespace
} // namespace portscan
