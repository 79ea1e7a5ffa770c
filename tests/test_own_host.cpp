// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/own_host.h"

#include "sim/packet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class OwnHost : public testing::Test {
  protected:
    void frames(unsigned count, const Host &from, const Host &to) {
        const Bytes bytes = tcp(from, to, 80, "S").bytes();
        for (unsigned i = 0; i < count; ++i)
            detector.observe({.wire_length = bytes.size(), .bytes = bytes});
    }
    static SourceReport source(const char *address, bool blocked, bool honest) {
        SourceReport report{.address = Prefix::parse(address).value()};
        if (blocked) report.blocks.emplace_back();
        if (honest) report.reach = {.probed = 4, .probed_answered = 4, .probed_completed = 4};
        return report;
    }

    OwnHostDetector detector;
};

TEST_F(OwnHost, IsTheAnsweredOneInNearlyAllPackets) {
    frames(50, "10.0.0.5", "10.0.0.9");
    frames(43, "192.0.2.1", "10.0.0.5");
    frames(2, "192.0.2.2", "10.0.0.5");
    frames(5, "192.0.2.1", "10.0.0.9");
    const auto hint = detector.hint({source("10.0.0.5", true, true)});
    ASSERT_TRUE(hint);
    EXPECT_THAT(*hint, AllOf(HasSubstr("10.0.0.5 takes part in 95 % of the packets"),
                             HasSubstr("4 handshakes completed"), HasSubstr("--host 10.0.0.5")));
    EXPECT_FALSE(detector.hint({source("10.0.0.5", false, true)})) << "nobody was blocked";
    EXPECT_FALSE(detector.hint({source("10.0.0.5", true, false)})) << "a scanner";
    EXPECT_FALSE(detector.hint({source("10.0.0.9", true, true)})) << "one of many";
}

TEST_F(OwnHost, IsNobodyOfTwo) {
    frames(50, "10.0.0.5", "10.0.0.9");
    frames(50, "10.0.0.9", "10.0.0.5");
    EXPECT_FALSE(detector.hint({source("10.0.0.5", true, true)}));
}

TEST_F(OwnHost, IsNamedByItsAddressWhereThePrefixIsTheSource) {
    for (const char *const server : {"2001:db8:1::9", "2001:db8:2::9", "2001:db8:3::9"})
        frames(50, "2001:db8::5", server);
    const auto hint = detector.hint({source("2001:db8::/64", true, true)});
    ASSERT_TRUE(hint);
    EXPECT_THAT(*hint, HasSubstr("--host 2001:db8::5 "));
}

TEST_F(OwnHost, IsNobodyWithoutPackets) {
    EXPECT_FALSE(detector.hint({source("10.0.0.5", true, true)}));
    const Bytes arp(60, 8);
    detector.observe({.wire_length = 60, .bytes = arp});
    EXPECT_FALSE(detector.hint({source("10.0.0.5", true, true)}));
}

} // namespace
} // namespace portscan
