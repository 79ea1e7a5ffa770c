// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/small_simulator.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace test;

constexpr auto host = "fd00::9";

/// The address with bit `index` (0 is the first) the other way round.
Address flipped(Address address, unsigned index) {
    address.bytes[index / 8] ^= static_cast<std::uint8_t>(0x80U >> index % 8);
    return address;
}

TEST(Ipv6Sources, AreThePrefixOfEachLength) {
    const Address address = Address::parse("2001:db8:5a5a:5a5a:a5a5:a5a5:1234:5678").value();
    for (unsigned length = 32; length <= 128; ++length) {
        SCOPED_TRACE(length);
        Simulator simulator{
            small({.max_ports = 1, .ipv6_prefix = length, .max_sources = 2, .max_sources6 = 16}),
            {.clock = Clock::wall}}; // one program to load instead of two, 97 times
        EXPECT_EQ(step(simulator, tcp(address, host, 1, "S")), recorded);
        if (length < 128) {
            EXPECT_EQ(step(simulator, tcp(flipped(address, length), host, 1, "S")), known);
            EXPECT_EQ(step(simulator, tcp(flipped(address, 127), host, 1, "S")), known);
        }
        EXPECT_EQ(step(simulator, tcp(flipped(address, length - 1), host, 1, "S")), recorded);
        EXPECT_EQ(step(simulator, tcp(flipped(address, 0), host, 1, "S")), recorded);

        EXPECT_EQ(step(simulator, tcp(address, host, 2, "S")), threshold);
        const std::string name = Prefix{address.masked(length), length}.to_string();
        EXPECT_EQ(simulator.source(address.to_string())->source.to_string(), name);
        EXPECT_EQ(simulator.take_events().at(0).source.to_string(), name);
    }
}

TEST(Ipv6Sources, AreShownWithTheirLength) {
    Simulator simulator{small()};
    simulator.run(tcp("2001:db8::1", host, 1, "S"));
    EXPECT_EQ(simulator.source("2001:db8::2")->source.to_string(), "2001:db8::/64");
    Simulator whole{small({.ipv6_prefix = 128})};
    whole.run(tcp("2001:db8::1", host, 1, "S"));
    EXPECT_EQ(whole.source("2001:db8::1")->source.to_string(), "2001:db8::1");
    EXPECT_FALSE(whole.source("2001:db8::2"));
}

TEST(Ipv6Sources, SpreadOverAPrefixAreOne) {
    Simulator simulator{small()};
    EXPECT_EQ(step(simulator, tcp("2001:db8::1", host, 1, "S")), recorded);
    EXPECT_EQ(step(simulator, tcp("2001:db8::2", host, 2, "S")), recorded);
    EXPECT_EQ(step(simulator, tcp("2001:db8::ffff:ffff:ffff:ffff", host, 3, "S")), recorded);
    EXPECT_EQ(step(simulator, tcp("2001:db8::4", host, 4, "S")), threshold);
    EXPECT_EQ(step(simulator, tcp("2001:db8::5", host, 1, "S")), blocked);
    EXPECT_EQ(step(simulator, tcp("2001:db8:0:1::", host, 1, "S")), recorded);
}

struct LinkLocal {
    const char *address;
    bool whole; ///< tracked by the whole address
};

constexpr std::array link_locals{
    LinkLocal{"fe80::1", true},       LinkLocal{"fe80::aaaa:bbbb:cccc:dddd", true},
    LinkLocal{"fe80:0:0:7::1", true}, LinkLocal{"fe81::1", true},
    LinkLocal{"febf:ffff::1", true},  LinkLocal{"fec0::1", false},
    LinkLocal{"fe7f:ffff::1", false}, LinkLocal{"fd80::1", false},
    LinkLocal{"ff02::1", false},      LinkLocal{"::1", false},
};

TEST(Ipv6Sources, LinkLocalOnesAreWholeAddresses) {
    for (const unsigned prefix : {32U, 64U, 127U}) {
        Simulator simulator{small({.max_ports = 1, .ipv6_prefix = prefix})};
        for (const auto &[text, whole] : link_locals) {
            SCOPED_TRACE(fmt::format("{} with --ipv6-prefix {}", text, prefix));
            const Address address = Address::parse(text).value();
            const Address neighbour = flipped(address, 127);
            EXPECT_EQ(step(simulator, tcp(address, host, 1, "S")), recorded);
            EXPECT_EQ(step(simulator, tcp(neighbour, host, 1, "S")), whole ? recorded : known);
            simulator.run(tcp(address, host, 2, "S"));
            EXPECT_TRUE(simulator.source(text)->blocked);
            EXPECT_EQ(step(simulator, tcp(neighbour, host, 1, "S")), whole ? known : blocked);
            const auto event = simulator.take_events().at(0);
            EXPECT_EQ(event.source, simulator.source(text)->source);
            EXPECT_EQ(event.source.length, whole ? 128U : prefix);
            if (whole) {
                EXPECT_EQ(event.source.to_string(), text);
            }
        }
    }
}

TEST(Ipv6Sources, UnspecifiedAddressIsASourceToo) {
    Simulator simulator{small({.max_ports = 1})};
    EXPECT_EQ(step(simulator, tcp("::", host, 1, "S")), recorded);
    EXPECT_EQ(step(simulator, tcp("::", host, 2, "S")), threshold);
    EXPECT_EQ(step(simulator, tcp("0.0.0.0", "10.0.0.9", 1, "S")), recorded);
    EXPECT_EQ(step(simulator, tcp("0.0.0.0", "10.0.0.9", 2, "S")), threshold);
}

TEST(Ipv6Sources, PrefixDoesNotConcernIpv4) {
    Simulator simulator{small({.ipv6_prefix = 32})};
    EXPECT_EQ(step(simulator, tcp("10.0.0.1", "10.0.0.9", 1, "S")), recorded);
    EXPECT_EQ(step(simulator, tcp("10.0.0.2", "10.0.0.9", 1, "S")), recorded);
    EXPECT_EQ(simulator.sources().size(), 2U);
}

} // namespace
} // namespace portscan
