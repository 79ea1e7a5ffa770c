// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/packet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdexcept>

namespace portscan {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

constexpr std::size_t ethernet_size = 14;

Bytes slice(const Bytes &bytes, std::size_t offset, std::size_t length) {
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(offset);
    return Bytes(first, first + static_cast<std::ptrdiff_t>(length));
}

unsigned number(const Bytes &bytes, std::size_t offset) {
    return bytes.at(offset) * 256U + bytes.at(offset + 1);
}

/// Ones' complement arithmetic by its definition, carry by carry; 0xffff over data that holds its
/// own checksum. Not the builder's way of summing.
unsigned ones_complement_sum(Bytes data) {
    if (data.size() % 2 != 0) data.push_back(0);
    unsigned sum = 0;
    for (std::size_t i = 0; i < data.size(); i += 2) {
        sum += number(data, i);
        if (sum > 0xffff) sum -= 0xffff;
    }
    return sum;
}

/// The sum over pseudo header and segment of an unfragmented packet whose IP header is `header`
/// bytes long, the transport protocol being `protocol`.
unsigned transport_sum(const Bytes &frame, std::size_t header, std::uint8_t protocol) {
    const bool ipv6 = frame.at(ethernet_size) >> 4 == 6;
    Bytes data = ipv6 ? slice(frame, ethernet_size + 8, 32) : slice(frame, ethernet_size + 12, 8);
    const Bytes segment =
        slice(frame, ethernet_size + header, frame.size() - ethernet_size - header);
    data.insert(data.end(), {static_cast<std::uint8_t>(segment.size() >> 8),
                             static_cast<std::uint8_t>(segment.size()), 0, protocol});
    data.insert(data.end(), segment.begin(), segment.end());
    return ones_complement_sum(data);
}

Packet syn4() {
    return tcp("10.0.0.1", "10.0.0.9", 22, "S");
}
Packet syn6() {
    return tcp("2001:db8::1", "2001:db8::9", 22, "S");
}

TEST(Packet, IsAWholeIpv4SynByteForByte) {
    // The checksums were confirmed by Wireshark.
    const Bytes expected{
        0x02, 0,    0, 0,  0, 0x02, 0x02, 0, 0,  0, 0,    0x01, 0x08, 0x00, // Ethernet
        0x45, 0,    0, 40, 0, 1,    0,    0, 64, 6, 0x66, 0xc6, 10,   0,    0,    1,    10, 0, 0, 9,
        0x9c, 0x40, 0, 22, 0, 0,    0,    1, 0,  0, 0,    0,    0x50, 0x02, 0xfa, 0xf0, // TCP
        0x04, 0x91, 0, 0};
    EXPECT_THAT(syn4().bytes(), ElementsAreArray(expected));
}

TEST(Packet, ChecksumsAreRightForEveryTransportAndFamily) {
    const Bytes odd{1, 2, 3, 4, 5};
    EXPECT_EQ(transport_sum(syn4().payload(odd).bytes(), 20, IPPROTO_TCP), 0xffffU);
    EXPECT_EQ(transport_sum(syn6().payload(odd).bytes(), 40, IPPROTO_TCP), 0xffffU);
    EXPECT_EQ(transport_sum(udp("10.0.0.1", "10.0.0.9", 53).payload(odd).bytes(), 20, IPPROTO_UDP),
              0xffffU);
    EXPECT_EQ(transport_sum(udp("fe80::1", "ff02::fb", 5353).payload(odd).bytes(), 40, IPPROTO_UDP),
              0xffffU);
    EXPECT_EQ(transport_sum(icmp("fe80::1", "fe80::2").payload(odd).bytes(), 40, IPPROTO_ICMPV6),
              0xffffU);
    const Bytes echo = icmp("10.0.0.1", "10.0.0.9").payload(odd).bytes();
    EXPECT_EQ(ones_complement_sum(slice(echo, ethernet_size + 20, 13)), 0xffffU);
}

TEST(Packet, Ipv4HeaderChecksumCoversOptions) {
    const Bytes frame = syn4().ip_options({0x94, 4, 0, 0, 1}).bytes();
    EXPECT_EQ(frame.at(ethernet_size), 0x47) << "the options are padded to whole words";
    EXPECT_EQ(ones_complement_sum(slice(frame, ethernet_size, 28)), 0xffffU);
    EXPECT_EQ(number(frame, ethernet_size + 2), 48U);
}

TEST(Packet, UdpChecksumIsNeverZero) {
    // Over all payloads of one word there is one whose sum comes out as zero.
    bool seen_all_ones = false;
    for (unsigned word = 0; word < 0x10000; ++word) {
        const Bytes payload{static_cast<std::uint8_t>(word >> 8), static_cast<std::uint8_t>(word)};
        const unsigned sum = number(udp("10.0.0.1", "10.0.0.9", 1).payload(payload).bytes(), 40);
        ASSERT_NE(sum, 0U);
        seen_all_ones = seen_all_ones || sum == 0xffff;
    }
    EXPECT_TRUE(seen_all_ones);
}

TEST(Packet, FamilyFollowsTheAddresses) {
    EXPECT_EQ(number(syn4().bytes(), 12), 0x0800U);
    EXPECT_EQ(number(syn6().bytes(), 12), 0x86ddU);
    EXPECT_EQ(syn6().bytes().size(), 14U + 40 + 20);
    EXPECT_THROW(tcp("10.0.0.1", "2001:db8::9", 22, "S"), std::invalid_argument);
    EXPECT_THROW(tcp("10.0.0", "10.0.0.9", 22, "S"), std::invalid_argument);
    EXPECT_THROW(tcp("10.0.0.1", "10.0.0.9", 22, "SX"), std::invalid_argument);
}

TEST(Packet, TagsNestInOrderOfTheCalls) {
    const Bytes frame = syn4().qinq(100, 7).tag(0x8100, 0xe009).bytes();
    EXPECT_THAT(slice(frame, 12, 14),
                ElementsAre(0x88, 0xa8, 0, 100, 0x81, 0, 0, 7, 0x81, 0, 0xe0, 9, 0x08, 0));
    Packet deep = syn4();
    for (std::uint16_t id = 1; id <= 9; ++id) deep.vlan(id);
    EXPECT_EQ(deep.bytes().size(), 54U + 9 * 4);
    EXPECT_EQ(number(deep.bytes(), 12 + 9 * 4), 0x0800U);
}

TEST(Packet, ExtensionHeadersChainInOrderOfTheCalls) {
    const Bytes frame =
        syn6().hop_by_hop().routing(1).destination_options(2).authentication().mobility().bytes();
    const std::size_t ip = ethernet_size;
    EXPECT_EQ(frame.at(ip + 6), IPPROTO_HOPOPTS);
    EXPECT_THAT(slice(frame, ip + 40, 4), ElementsAre(IPPROTO_ROUTING, 0, 1, 4)) << "PadN of 4";
    EXPECT_THAT(slice(frame, ip + 48, 2), ElementsAre(IPPROTO_DSTOPTS, 1));
    EXPECT_THAT(slice(frame, ip + 64, 2), ElementsAre(IPPROTO_AH, 2));
    EXPECT_THAT(slice(frame, ip + 88, 2), ElementsAre(IPPROTO_MH, 4));
    EXPECT_THAT(slice(frame, ip + 112, 2), ElementsAre(IPPROTO_TCP, 0));
    EXPECT_EQ(number(frame, ip + 120), 40000U) << "the TCP header follows";
    EXPECT_EQ(number(frame, ip + 4), frame.size() - ip - 40);
    EXPECT_EQ(transport_sum(frame, 120, IPPROTO_TCP), 0xffffU);
}

TEST(Packet, LongestOptionHeadersAreWholeOptions) {
    for (unsigned length = 0; length < 256; ++length) {
        const auto field = static_cast<std::uint8_t>(length);
        const Bytes frame = syn6().hop_by_hop(field).bytes();
        const std::size_t end = ethernet_size + 40 + (length + 1) * 8;
        ASSERT_EQ(frame.size(), end + 20);
        std::size_t at = ethernet_size + 42;
        while (at < end) at += frame.at(at) == 0 ? 1 : 2U + frame.at(at + 1);
        ASSERT_EQ(at, end) << "length field " << length;
    }
}

TEST(Packet, FragmentsOfIpv4CarryTheWholePacketsBytes) {
    const Bytes whole = syn4().payload_size(12).bytes();
    const Bytes first = syn4().payload_size(12).fragment(0, 24).bytes();
    const Bytes later = syn4().payload_size(12).fragment(24, 64).bytes();
    EXPECT_EQ(number(first, ethernet_size + 6), 0x2000U);
    EXPECT_EQ(number(later, ethernet_size + 6), 3U) << "offset 24, the last one";
    EXPECT_EQ(number(first, ethernet_size + 2), 44U);
    EXPECT_EQ(number(later, ethernet_size + 2), 28U);
    Bytes joined = slice(first, 34, 24);
    const Bytes rest = slice(later, 34, 8);
    joined.insert(joined.end(), rest.begin(), rest.end());
    EXPECT_EQ(joined, slice(whole, 34, 32));
}

TEST(Packet, TinyFragmentHasThePortsAndNotTheFlags) {
    const Bytes tiny = syn4().fragment(0, 8).bytes();
    EXPECT_EQ(tiny.size(), 14U + 20 + 8);
    EXPECT_EQ(number(tiny, 36), 22U);
    EXPECT_EQ(syn4().fragment(0, 13).bytes().size(), 14U + 20 + 13) << "any length, for boundaries";
}

TEST(Packet, FragmentOfIpv6TakesWhatFollowsIt) {
    const Bytes frame =
        syn6().hop_by_hop().fragment(0, 16).destination_options().identification(7).bytes();
    const std::size_t ip = ethernet_size;
    EXPECT_THAT(slice(frame, ip + 40, 2), ElementsAre(IPPROTO_FRAGMENT, 0));
    EXPECT_THAT(slice(frame, ip + 48, 8), ElementsAre(IPPROTO_DSTOPTS, 0, 0, 1, 0, 0, 0, 7));
    EXPECT_EQ(frame.at(ip + 56), IPPROTO_TCP);
    EXPECT_EQ(frame.size(), ip + 40 + 8 + 8 + 16) << "8 bytes of options, 8 of TCP";
    EXPECT_THAT(slice(syn6().fragment(16, 16).bytes(), ip + 40, 4),
                ElementsAre(IPPROTO_TCP, 0, 0, 16));
}

TEST(Packet, AtomicFragmentIsWhole) {
    const Bytes frame = syn6().fragment_fields(0, false).bytes();
    EXPECT_THAT(slice(frame, ethernet_size + 40, 4), ElementsAre(IPPROTO_TCP, 0, 0, 0));
    EXPECT_EQ(frame.size(), 14U + 40 + 8 + 20);
}

TEST(Packet, ImpossibleFragmentsAreRefused) {
    EXPECT_THROW(syn4().fragment(4, 8), std::invalid_argument);
    EXPECT_THROW(syn4().fragment(65536, 8), std::invalid_argument);
    EXPECT_THROW(syn4().fragment(24, 8).bytes(), std::invalid_argument);
}

TEST(Packet, ValuesSetWrongChangeNoOtherBytes) {
    const Bytes right = syn4().bytes();
    const Bytes wrong = syn4().version(5).ihl(4).ip_length(39).data_offset(15).bytes();
    ASSERT_EQ(wrong.size(), right.size());
    EXPECT_EQ(wrong.at(ethernet_size), 0x54);
    EXPECT_EQ(number(wrong, ethernet_size + 2), 39U);
    EXPECT_EQ(wrong.at(46) >> 4, 15);
    EXPECT_EQ(slice(wrong, 26, 20), slice(right, 26, 20)) << "addresses, ports, sequence";
    EXPECT_EQ(ones_complement_sum(slice(wrong, ethernet_size, 20)), 0xffffU);
    EXPECT_EQ(transport_sum(wrong, 20, IPPROTO_TCP), 0xffffU);
    EXPECT_EQ(number(syn4().checksum(0xbeef).bytes(), 50), 0xbeefU);
    EXPECT_EQ(number(syn4().ip_checksum(0xbeef).bytes(), 24), 0xbeefU);
    EXPECT_THROW(syn4().ihl(16), std::invalid_argument);
}

TEST(Packet, TcpOptionsMoveTheDataOffset) {
    const Bytes frame = syn4().tcp_options({2, 4, 5, 0xb4, 1}).payload({0xaa}).bytes();
    EXPECT_EQ(frame.at(46), 0x70);
    EXPECT_EQ(frame.back(), 0xaa);
    EXPECT_EQ(transport_sum(frame, 20, IPPROTO_TCP), 0xffffU);
    EXPECT_THROW(syn4().tcp_options(Bytes(41)), std::invalid_argument);
}

TEST(Packet, PaddingLiesBeyondTheIpLength) {
    const Bytes frame = syn4().padding(6).bytes();
    EXPECT_EQ(frame.size(), 60U);
    EXPECT_EQ(number(frame, ethernet_size + 2), 40U);
}

TEST(Packet, TruncatedFrameKeepsItsFirstBytes) {
    EXPECT_EQ(syn4().truncate(20).bytes(), slice(syn4().bytes(), 0, 20));
    EXPECT_EQ(syn4().truncate(2000).bytes(), syn4().bytes());
    EXPECT_TRUE(syn4().truncate(0).bytes().empty());
}

TEST(Packet, BeyondItsLengthFieldNeedsALengthSetOnPurpose) {
    EXPECT_THROW(syn4().payload_size(65536).bytes(), std::invalid_argument);
    EXPECT_EQ(syn4().payload_size(70000).ip_length(0).bytes().size(), 14U + 40 + 70000);
}

TEST(Packet, OtherProtocolsAndEthertypes) {
    const Bytes gre = ip("10.0.0.1", "10.0.0.9", IPPROTO_GRE, {0, 0, 8, 0}).bytes();
    EXPECT_EQ(gre.at(ethernet_size + 9), IPPROTO_GRE);
    EXPECT_EQ(number(gre, ethernet_size + 2), 24U);
    const Bytes arp = ethernet(0x0806, Bytes(28)).vlan(5).bytes();
    EXPECT_EQ(number(arp, 16), 0x0806U);
    EXPECT_EQ(arp.size(), 14U + 4 + 28);
}

TEST(Packet, CarriesItsTime) {
    using namespace std::chrono_literals;
    EXPECT_EQ(syn4().at(1500ms).frame().time_ns, 1'500'000'000U);
    EXPECT_THROW(syn4().at(-1ns), std::invalid_argument);
}

} // namespace
} // namespace portscan
