// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/source_frame.h"

#include "sim/dissect.h"

#include <gtest/gtest.h>
#include <set>

namespace portscan {
namespace {

TEST(SourceFrame, ChangesTheSourceAndNothingElse) {
    const Address source = Address::parse("198.51.100.7").value();
    const Address source6 = Address::parse("2001:db8:7::7").value();
    const std::pair<Packet, Packet> cases[]{
        {tcp("10.0.0.1", "10.0.0.9", 22, "S"), tcp("198.51.100.7", "10.0.0.9", 22, "S")},
        {udp("10.0.0.1", "10.0.0.9", 53).qinq(1, 2).vlan(3),
         udp("198.51.100.7", "10.0.0.9", 53).qinq(1, 2).vlan(3)},
        {tcp("::1", "fd00::9", 22, "S").hop_by_hop(),
         tcp("2001:db8:7::7", "fd00::9", 22, "S").hop_by_hop()}};
    for (const auto &[before, after] : cases) {
        Packet expected = after;
        const Bytes bytes = expected.checksum(0).ip_checksum(0).bytes();
        Packet made = before;
        SourceFrame frame{made.checksum(0).ip_checksum(0)};
        const ByteView changed = frame.from(bytes.size() > 74 ? source6 : source);
        EXPECT_EQ(Bytes(changed.begin(), changed.end()), bytes);
    }
}

TEST(SourceFrame, LeavesAFrameAloneThatIsNotIp) {
    const Bytes bytes = ethernet(0x0806, Bytes(46)).bytes();
    SourceFrame frame{ethernet(0x0806, Bytes(46))};
    const ByteView same = frame.from(Address::parse("10.0.0.1").value());
    EXPECT_EQ(Bytes(same.begin(), same.end()), bytes);
}

TEST(ScatteredSource, GivesEachNumberASourceOfItsOwn) {
    for (const bool ipv6 : {false, true}) {
        std::set<Prefix> sources;
        for (std::uint32_t i = 0; i < 10'000; ++i) {
            const Address address = scattered_source(ipv6, i * 429'000);
            EXPECT_EQ(address.is_ipv6(), ipv6);
            sources.insert(source_of(address, 64));
        }
        EXPECT_EQ(sources.size(), 10'000);
    }
    EXPECT_EQ(scattered_source(true, 1, 1).to_string(), "2001:db8:9e37:79b9::1");
}

} // namespace
} // namespace portscan
