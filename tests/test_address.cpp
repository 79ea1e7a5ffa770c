// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/address.h"

#include <gtest/gtest.h>
#include <unordered_set>
#include <vector>

namespace portscan {
namespace {

Address address(const char *text) {
    return Address::parse(text).value();
}
Prefix prefix(const char *text) {
    return Prefix::parse(text).value();
}

TEST(Address, TextReadsBack) {
    for (const char *text : {"0.0.0.0", "10.0.0.1", "255.255.255.255", "::", "fe80::1",
                             "2001:db8::1:0:0:1", "::ffff:10.0.0.1"}) {
        EXPECT_EQ(address(text).to_string(), text);
    }
    EXPECT_EQ(address("2001:DB8:0:0::1").to_string(), "2001:db8::1");
}

TEST(Address, RefusesWhatIsNotOne) {
    for (const char *text :
         {"", "10.0.0", "10.0.0.256", "10.0.0.1 ", "1", "fe80::1%lo", "::1::", "host", "[::1]"}) {
        EXPECT_FALSE(Address::parse(text)) << text;
    }
    EXPECT_FALSE(Address::parse(std::string_view{"10.0.0.1\0x", 10}));
}

TEST(Address, MaskKeepsLeadingBits) {
    EXPECT_EQ(address("10.255.255.255").masked(9), address("10.128.0.0"));
    EXPECT_EQ(address("10.1.2.3").masked(32), address("10.1.2.3"));
    EXPECT_EQ(address("10.1.2.3").masked(0), address("0.0.0.0"));
    EXPECT_EQ(address("2001:db8:ffff:ffff::1").masked(49), address("2001:db8:ffff:8000::"));
}

TEST(Address, SortsIpv4FirstAndEachFamilyAsNumbers) {
    const std::vector<Address> sorted{
        address("0.0.0.0"),    address("9.255.255.255"), address("10.0.0.1"),
        address("10.0.0.255"), address("200.0.0.0"),     address("::"),
        address("::1"),        address("::ff"),          address("::1:0"),
        address("0:0:0:1::"),  address("0:0:0:1::1"),    address("fe80::1")};
    for (std::size_t i = 0; i < sorted.size(); ++i)
        for (std::size_t j = 0; j < sorted.size(); ++j) {
            EXPECT_EQ(sorted[i] <=> sorted[j], i <=> j) << i << ' ' << j;
            EXPECT_EQ(sorted[i] == sorted[j], i == j) << i << ' ' << j;
        }
}

TEST(Address, LinkLocalIsTenBits) {
    EXPECT_TRUE(address("fe80::1").is_link_local_ipv6());
    EXPECT_TRUE(address("febf::1").is_link_local_ipv6());
    EXPECT_FALSE(address("fec0::1").is_link_local_ipv6());
    EXPECT_FALSE(address("169.254.0.1").is_link_local_ipv6());
}

TEST(Prefix, WholeAddressGoesWithoutLength) {
    EXPECT_EQ(prefix("10.0.0.1/32").to_string(), "10.0.0.1");
    EXPECT_EQ(prefix("2001:db8::1/128").to_string(), "2001:db8::1");
    EXPECT_EQ(prefix("2001:db8::1/64").to_string(), "2001:db8::/64");
    EXPECT_EQ(prefix("10.9.9.9/8").to_string(), "10.0.0.0/8");
}

TEST(Prefix, RefusesWhatIsNotOne) {
    for (const char *text : {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8 ",
                             "/8", "10.0.0.0/8/8", "10.0.0.0/+8"}) {
        EXPECT_FALSE(Prefix::parse(text)) << text;
    }
}

TEST(Prefix, ContainsOnlyItsOwnFamily) {
    EXPECT_TRUE(prefix("10.0.0.0/8").contains(address("10.255.0.1")));
    EXPECT_FALSE(prefix("10.0.0.0/8").contains(address("11.0.0.1")));
    EXPECT_FALSE(prefix("0.0.0.0/0").contains(address("::")));
    EXPECT_TRUE(prefix("2001:db8::/32").contains(prefix("2001:db8:1::/48")));
    EXPECT_FALSE(prefix("2001:db8:1::/48").contains(prefix("2001:db8::/32")));
}

TEST(SourceOf, IsThePrefixUnlessLinkLocalOrIpv4) {
    EXPECT_EQ(source_of(address("10.0.0.1"), 64).to_string(), "10.0.0.1");
    EXPECT_EQ(source_of(address("2001:db8:1:2:3::4"), 64).to_string(), "2001:db8:1:2::/64");
    EXPECT_EQ(source_of(address("2001:db8::4"), 128).to_string(), "2001:db8::4");
    EXPECT_EQ(source_of(address("fe80::1"), 64).to_string(), "fe80::1");
}

TEST(AddressHash, TellsFamiliesAndNeighboursApart) {
    std::unordered_set<std::size_t> hashes;
    for (unsigned i = 0; i < 65536; ++i) {
        const std::uint8_t bytes[4] = {10, 0, static_cast<std::uint8_t>(i >> 8),
                                       static_cast<std::uint8_t>(i)};
        hashes.insert(AddressHash{}(Address::ipv4(bytes)));
    }
    EXPECT_EQ(hashes.size(), 65536u);
    EXPECT_NE(AddressHash{}(address("0.0.0.0")), AddressHash{}(address("::")));
    EXPECT_NE(PrefixHash{}(prefix("10.0.0.0/8")), PrefixHash{}(prefix("10.0.0.0/9")));
}

} // namespace
} // namespace portscan
