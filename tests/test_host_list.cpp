// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/options.h"
#include "sim/host_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

bool has(const HostList &list, const char *address) {
    return list.contains(Address::parse(address).value());
}

TEST(HostList, ContainsAddressesAndPrefixes) {
    const HostList list = HostList::parse("10.0.0.9,192.168.0.0/16,192.168.1.0/24,2001:db8::/64");
    for (const char *const inside : {"10.0.0.9", "192.168.0.0", "192.168.255.255", "2001:db8::7"})
        EXPECT_TRUE(has(list, inside)) << inside;
    for (const char *const outside :
         {"10.0.0.8", "192.167.255.255", "2001:db8:0:1::", "::10.0.0.9"})
        EXPECT_FALSE(has(list, outside)) << outside;
    EXPECT_FALSE(list.empty());
    EXPECT_TRUE(has(HostList::parse("0.0.0.0/0"), "255.255.255.255"));
    EXPECT_FALSE(has(HostList::parse("0.0.0.0/0"), "::1"));
    EXPECT_TRUE(HostList{}.empty());
    EXPECT_FALSE(has(HostList{}, "10.0.0.9"));
}

TEST(HostList, BadListIsOneLineThatNamesTheWord) {
    for (const char *const text :
         {"", ",", "10.0.0.9,", "10.0.0.9,,10.0.0.8", "10.0.0.256", "10.0.0.0/33", "host.example",
          "10.0.0.9 ", "10.0.0.9;10.0.0.8"}) {
        try {
            HostList::parse(text);
            ADD_FAILURE() << text;
        } catch (const OptionError &error) {
            EXPECT_THAT(error.what(), testing::StartsWith("host: '"));
            EXPECT_THAT(error.what(), testing::HasSubstr("is no address or prefix"));
        }
    }
}

} // namespace
} // namespace portscan
