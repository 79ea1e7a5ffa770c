// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/dissect.h"
#include "sim/packet.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <random>

namespace portscan {
namespace {

using Fragment = Dissection::Fragment;

Packet syn4() {
    return tcp("10.0.0.1", "10.0.0.9", 22, "S");
}
Packet syn6() {
    return tcp("2001:db8::1", "2001:db8::9", 22, "S");
}

Dissection dissect(const Packet &packet) {
    const Bytes frame = packet.bytes();
    return portscan::dissect(frame, frame.size());
}

std::string summarize(const Packet &packet) {
    const Bytes frame = packet.bytes();
    return portscan::summarize(frame, frame.size());
}

/// What a frame that is malformed on the wire has to be: attributed to nobody's probes, and
/// decided by bytes that are there.
void expect_malformed(const Packet &packet, const std::string &what) {
    const Bytes frame = packet.bytes();
    const Dissection seen = portscan::dissect(frame, frame.size());
    EXPECT_FALSE(seen.is_probe) << what;
    EXPECT_FALSE(seen.destination_port) << what;
    EXPECT_LE(seen.decisive_length, frame.size()) << what;
    EXPECT_TRUE(portscan::summarize(frame, frame.size()).ends_with(", malformed")) << what;
}

TEST(Dissect, ReadsPortsFlagsAndAddressesOfBothFamilies) {
    const Dissection four = dissect(syn4().source_port(4711));
    EXPECT_TRUE(four.is_ip && four.is_tcp && four.is_probe);
    EXPECT_EQ(four.source, Address::parse("10.0.0.1"));
    EXPECT_EQ(four.destination, Address::parse("10.0.0.9"));
    EXPECT_EQ(four.source_port, 4711);
    EXPECT_EQ(four.destination_port, 22);
    EXPECT_EQ(four.tcp_flags, tcp_syn);
    const Dissection six = dissect(syn6().source_port(4711));
    EXPECT_TRUE(six.is_ip && six.is_tcp && six.is_probe);
    EXPECT_EQ(six.source, Address::parse("2001:db8::1"));
    EXPECT_EQ(six.destination, Address::parse("2001:db8::9"));
    EXPECT_EQ(six.source_port, 4711);
}

TEST(Dissect, ProbeIsNeitherAckNorRst) {
    for (unsigned byte = 0; byte < 256; ++byte) {
        const auto flags = static_cast<std::uint8_t>(byte);
        const bool probe = (byte & 0x14) == 0;
        EXPECT_EQ(dissect(syn4().flags(flags)).is_probe, probe) << byte;
        EXPECT_EQ(dissect(syn6().payload_size(8).flags(flags).fragment(0, 24)).is_probe, probe)
            << byte;
    }
}

TEST(Dissect, TcpDecidesUpToItsFlags) {
    EXPECT_EQ(dissect(syn4().payload_size(100)).decisive_length, 14U + 20 + 14);
    EXPECT_EQ(dissect(syn4().tcp_options(Bytes(12))).decisive_length, 14U + 20 + 14);
    EXPECT_EQ(dissect(syn4().ip_options(Bytes(40))).decisive_length, 14U + 60 + 14);
    EXPECT_EQ(dissect(syn6().qinq(1, 2)).decisive_length, 14U + 8 + 40 + 14);
    EXPECT_EQ(dissect(syn6().hop_by_hop(2).authentication()).decisive_length,
              14U + 40 + 24 + 24 + 14);
}

TEST(Dissect, OtherProtocolsAreDecidedByTheIpHeader) {
    EXPECT_EQ(dissect(udp("10.0.0.1", "10.0.0.9", 53).ip_options(Bytes(4))).decisive_length,
              14U + 20);
    EXPECT_EQ(dissect(icmp("fe80::1", "fe80::2")).decisive_length, 14U + 40);
    EXPECT_EQ(dissect(ethernet(0x0806, Bytes(28))).decisive_length, 14U);
    EXPECT_FALSE(dissect(udp("10.0.0.1", "10.0.0.9", 53)).is_tcp);
    EXPECT_FALSE(dissect(ethernet(0x0806, Bytes(28))).is_ip);
}

TEST(Dissect, UpToFourTagsAreRead) {
    Packet packet = syn4();
    for (unsigned tags = 1; tags <= 4; ++tags) {
        packet.tag(tags % 2 ? 0x88a8 : 0x8100, 7);
        EXPECT_TRUE(dissect(packet).is_probe) << tags;
    }
    packet.vlan(7);
    EXPECT_FALSE(dissect(packet).is_ip);
    EXPECT_EQ(dissect(packet).decisive_length, 14U + 16);
    EXPECT_FALSE(dissect(syn4().tag(0x9100, 7)).is_ip) << "not a tag that is parsed";
}

TEST(Dissect, UpToEightExtensionHeadersAreRead) {
    Packet packet = syn6();
    for (unsigned count = 1; count <= 8; ++count) {
        packet.destination_options();
        EXPECT_TRUE(dissect(packet).is_probe) << count;
    }
    packet.destination_options();
    EXPECT_FALSE(dissect(packet).is_tcp);
    EXPECT_TRUE(dissect(packet).source);
    EXPECT_EQ(dissect(packet).decisive_length, 14U + 40 + 64);
}

TEST(Dissect, EveryExtensionHeaderHasItsOwnLength) {
    for (const std::uint8_t length : Bytes{0, 1, 5, 255}) {
        EXPECT_TRUE(dissect(syn6().hop_by_hop(length)).is_probe);
        EXPECT_TRUE(dissect(syn6().routing(length)).is_probe);
        EXPECT_TRUE(dissect(syn6().destination_options(length)).is_probe);
        EXPECT_TRUE(dissect(syn6().authentication(length)).is_probe);
        EXPECT_TRUE(dissect(syn6().mobility(length)).is_probe);
    }
}

TEST(Dissect, FragmentsAreFirstLaterOrNone) {
    const Dissection first4 = dissect(syn4().payload_size(8).fragment(0, 24));
    EXPECT_EQ(first4.fragment, Fragment::first);
    EXPECT_EQ(first4.decisive_length, 14U + 20 + 14) << "flags end at byte 14";
    const Dissection first6 = dissect(syn6().payload_size(8).fragment(0, 24));
    EXPECT_EQ(first6.fragment, Fragment::first);
    EXPECT_EQ(first6.destination_port, 22);

    for (const Packet &packet : {syn4().fragment(8, 12), syn6().fragment(8, 12)}) {
        const Dissection later = dissect(packet);
        EXPECT_EQ(later.fragment, Fragment::later);
        EXPECT_TRUE(later.is_tcp);
        EXPECT_FALSE(later.is_probe);
        EXPECT_FALSE(later.destination_port);
    }
    EXPECT_EQ(dissect(syn6().fragment_fields(0, false)).fragment, Fragment::none);
    EXPECT_TRUE(dissect(syn6().fragment_fields(0, false)).is_probe);
    EXPECT_FALSE(dissect(udp("10.0.0.1", "10.0.0.9", 1).payload_size(8).fragment(8, 8)).is_tcp);
}

TEST(Dissect, FirstFragmentIsAProbeByItsPortsAlone) {
    for (std::size_t length = 4; length < 20; ++length) {
        const Dissection seen = dissect(syn4().flags("A").fragment(0, length));
        EXPECT_EQ(seen.is_probe, length < 14) << length;
        EXPECT_EQ(seen.tcp_flags.has_value(), length >= 14) << length;
        EXPECT_EQ(seen.destination_port, 22);
        EXPECT_EQ(seen.decisive_length, 34U + (length < 14 ? 4 : 14)) << length;
    }
    expect_malformed(syn4().fragment(0, 3), "no ports");
}

TEST(Dissect, SecondFragmentHeaderAndJumbogramAreNotParsed) {
    const Dissection twice = dissect(syn6().fragment_fields(0, false).fragment_fields(0, false));
    EXPECT_FALSE(twice.is_tcp);
    EXPECT_FALSE(dissect(syn6().ip_length(0)).is_tcp);
    EXPECT_TRUE(dissect(syn6().ip_length(0)).source);
}

TEST(Dissect, TcpIsBoundedByTheIpLengthAndNotByTheFrame) {
    EXPECT_TRUE(dissect(syn4().padding(6)).is_probe);
    EXPECT_TRUE(dissect(syn4().ip_length(0)).is_probe) << "0: up to the frame's end";
    expect_malformed(syn4().ip_length(39), "19 bytes of TCP, the 20th is padding");
    expect_malformed(syn4().data_offset(6).padding(10), "options in the padding");
    expect_malformed(syn6().ip_length(19), "19 bytes of TCP over IPv6");
}

TEST(Dissect, MalformedOnTheWireIsDecided) {
    expect_malformed(syn4().truncate(13), "below 14 bytes");
    expect_malformed(syn4().vlan(1).truncate(17), "within a tag");
    expect_malformed(syn4().truncate(33), "IPv4 below 20 bytes");
    expect_malformed(syn4().version(6), "IPv4 of version 6");
    expect_malformed(syn4().ihl(4), "IHL 4");
    expect_malformed(syn4().ihl(15).ip_length(0), "IHL beyond the frame");
    expect_malformed(syn4().ip_length(19), "total length below IHL");
    expect_malformed(syn4().ip_length(41), "total length beyond the frame");
    expect_malformed(syn6().truncate(53), "IPv6 below 40 bytes");
    expect_malformed(syn6().version(4), "IPv6 of version 4");
    expect_malformed(syn6().ip_length(21), "payload length beyond the frame");
    expect_malformed(syn6().hop_by_hop().ip_length(7), "extension header cut");
    expect_malformed(syn6().hop_by_hop(1).ip_length(15), "extension header's length cut");
    expect_malformed(syn4().data_offset(4), "data offset 4");
    expect_malformed(syn4().data_offset(6), "data offset beyond the segment");
}

TEST(Dissect, FrameCutByItsCaptureIsUndecidableUntilTheDecisiveByte) {
    for (const Packet &packet :
         {syn4().payload_size(60), syn6().payload_size(60), syn4().qinq(1, 2),
          syn6().hop_by_hop().fragment_fields(0, false).payload_size(9),
          syn4().payload_size(9).fragment(0, 8), syn4().fragment(8, 12),
          udp("2001:db8::1", "2001:db8::9", 53), ethernet(0x0806, Bytes(28))}) {
        const Bytes whole = packet.bytes();
        const std::size_t decisive = portscan::dissect(whole, whole.size()).decisive_length;
        for (std::size_t size = 0; size <= whole.size(); ++size) {
            const ByteView cut = ByteView{whole}.first(size);
            const std::size_t found = portscan::dissect(cut, whole.size()).decisive_length;
            if (size < decisive)
                ASSERT_GT(found, size) << "of " << whole.size();
            else
                ASSERT_EQ(found, decisive) << "of " << whole.size();
        }
    }
}

TEST(Dissect, CutFrameThatIsMalformedOnTheWireNeedsOnlyWhatSaysSo) {
    const Bytes short_ip = syn4().truncate(33).bytes(); // 19 bytes of IPv4 on the wire
    EXPECT_EQ(portscan::dissect(ByteView{short_ip}.first(14), 33).decisive_length, 14U);
    EXPECT_GT(portscan::dissect(ByteView{short_ip}.first(14), 34).decisive_length, 14U);
    const Bytes long_ip = syn4().ip_length(1500).bytes();
    EXPECT_EQ(portscan::dissect(long_ip, 54).decisive_length, 34U) << "beyond the frame";
    EXPECT_TRUE(portscan::dissect(long_ip, 1514).is_probe) << "within the frame";
}

TEST(Dissect, SummaryIsOneLineForPeople) {
    EXPECT_EQ(summarize(syn4().source_port(4711)), "10.0.0.1:4711 > 10.0.0.9:22 S");
    EXPECT_EQ(summarize(syn6().source_port(1)), "[2001:db8::1]:1 > [2001:db8::9]:22 S");
    EXPECT_EQ(summarize(udp("10.0.0.1", "10.0.0.9", 53)), "10.0.0.1 > 10.0.0.9 UDP");
    EXPECT_EQ(summarize(icmp("fe80::1", "fe80::2")), "fe80::1 > fe80::2 ICMPv6");
    EXPECT_EQ(summarize(ip("10.0.0.1", "10.0.0.9", 47, {})), "10.0.0.1 > 10.0.0.9 protocol 47");
    EXPECT_EQ(summarize(ethernet(0x0806, Bytes(28))), "ethertype 0x0806, 42 bytes");
    EXPECT_EQ(summarize(ethernet(46, Bytes(46))), "802.3 frame, 60 bytes");
    EXPECT_EQ(summarize(syn4().fragment(0, 8).source_port(1)),
              "10.0.0.1:1 > 10.0.0.9:22 first fragment");
    EXPECT_EQ(summarize(syn4().fragment(8, 12)), "10.0.0.1 > 10.0.0.9 TCP later fragment");
    EXPECT_EQ(summarize(syn4().data_offset(4)), "10.0.0.1 > 10.0.0.9 TCP, malformed");
    const Bytes cut = syn4().truncate(40).bytes();
    EXPECT_EQ(portscan::summarize(cut, 54), "10.0.0.1 > 10.0.0.9 TCP, 40 captured");
    EXPECT_EQ(portscan::summarize({}, 0), "0 bytes, malformed");
}

TEST(Dissect, AnyBytesAreRead) {
    std::mt19937 random{1};
    const Bytes seeds[] = {syn4().qinq(1, 2).ip_options(Bytes(8)).bytes(),
                           syn6().hop_by_hop().fragment_fields(0, false).authentication().bytes()};
    for (int round = 0; round < 200'000; ++round) {
        Bytes frame = seeds[round % 2];
        frame.resize(random() % (frame.size() + 1));
        for (unsigned change = random() % 4; change > 0 && !frame.empty(); --change)
            frame[random() % frame.size()] = static_cast<std::uint8_t>(random());
        const std::uint64_t wire = frame.size() + (random() % 2 ? random() % 100 : 0);
        const Bytes exact(frame); // of exactly its size, so that a sanitizer sees reading beyond
        const Dissection seen = portscan::dissect(exact, wire);
        ASSERT_LE(seen.decisive_length, wire);
        ASSERT_TRUE(!seen.is_probe || (seen.is_tcp && seen.destination_port));
        ASSERT_FALSE(portscan::summarize(exact, wire).empty());
    }
}

TEST(TcpFlags, LettersReadBack) {
    for (unsigned byte = 0; byte < 256; ++byte)
        EXPECT_EQ(parse_tcp_flags(format_tcp_flags(static_cast<std::uint8_t>(byte))), byte);
    EXPECT_EQ(format_tcp_flags(tcp_fin | tcp_psh | tcp_urg), "FPU");
    EXPECT_EQ(format_tcp_flags(0), "-");
    EXPECT_EQ(parse_tcp_flags("UPF"), parse_tcp_flags("FPU"));
    for (const char *bad : {"", "s", "SS", "S-", "--", "SX"})
        EXPECT_FALSE(parse_tcp_flags(bad)) << bad;
}

} // namespace
} // namespace portscan
