// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/parsing_case.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace test;

class Parsing : public BothFamilies {
  protected:
    Packet probe() const { return tcp(family.scanner, family.host, parsed_port, "S"); }
    void check(const std::vector<ParsingCase> &cases) {
        Simulator simulator{small()};
        test::check(simulator, family, cases);
    }
};
class ParsingIpv4 : public Parsing {};
class ParsingIpv6 : public Parsing {};
INSTANTIATE_TEST_SUITE_P(For, Parsing, testing::ValuesIn(families),
                         testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(For, ParsingIpv4, testing::Values(families[0]),
                         testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(For, ParsingIpv6, testing::Values(families[1]),
                         testing::PrintToStringParamName());

TEST_P(Parsing, LooksBehindUpToFourTags) {
    std::vector<ParsingCase> cases;
    for (unsigned count = 0; count <= 6; ++count)
        for (unsigned kinds = 0; kinds < 1U << count; ++kinds) { // every mixture of the two
            auto packet = probe();
            for (unsigned i = 0; i < count; ++i)
                packet.tag((kinds >> i & 1U) != 0 ? 0x88a8 : 0x8100, 0xefff);
            cases.push_back({fmt::format("{} tags, mixture {:b}", count, kinds), packet.bytes(),
                             count <= 4 ? recorded : not_ip});
        }
    check(cases);
}

TEST_P(Parsing, TakesOtherEthertypesForNoIp) {
    std::vector<ParsingCase> cases;
    for (const std::uint16_t type :
         {0x0000, 0x002e, 0x05dc, 0x05ff, 0x0600, 0x0801, 0x0806, 0x8035, 0x86dc, 0x86de, 0x8847,
          0x8864, 0x88cc, 0x9100, 0x9200, 0xffff}) {
        cases.push_back({fmt::format("{:#x}", type), probe().ethertype(type).bytes(), not_ip});
        cases.push_back(
            {fmt::format("{:#x} in a tag", type), probe().vlan(7).ethertype(type).bytes(), not_ip});
    }
    check(cases);
}

TEST_P(Parsing, ShortestFrameIsAnEthernetHeader) {
    check({{"ARP without content", ethernet(0x0806, {}).bytes(), not_ip},
           {"IPv4 without content", ethernet(0x0800, {}).bytes(), malformed},
           {"IPv6 without content", ethernet(0x86dd, {}).bytes(), malformed}});
}

TEST_P(Parsing, FindsTcpInFramesOfEverySize) {
    std::vector<ParsingCase> cases;
    for (const std::size_t size : {0, 1, 5, 6, 7, 1000, 1460, 3465, 3466, 3467, 9000, 65'000})
        cases.push_back({fmt::format("{} bytes of payload", size),
                         probe().payload_size(size).bytes(), recorded});
    check(cases);
}

TEST_P(Parsing, PaddingIsNoPartOfThePacket) {
    const std::uint16_t header = family.ipv6 ? 0 : 20; // counted in the length field
    const auto ip_bytes = [&](int upper) { return static_cast<std::uint16_t>(header + upper); };
    const auto ack = tcp(family.scanner, family.host, parsed_port, "A").payload_size(60);
    check({{"zeros after a SYN", probe().padding(46).bytes(), recorded},
           {"zeros after an ACK", Packet{ack}.padding(46).bytes(), not_probe},
           {"TCP of 8 bytes, the rest of its header is padding",
            Packet{ack}.ip_length(ip_bytes(8)).bytes(), malformed},
           {"TCP of 19 bytes and padding", probe().ip_length(ip_bytes(19)).bytes(), malformed},
           {"TCP of 20 bytes and padding", Packet{ack}.ip_length(ip_bytes(20)).bytes(), not_probe},
           {"header of 24 bytes, 4 of them padding",
            probe().tcp_options(Bytes(4, 1)).ip_length(ip_bytes(20)).bytes(), malformed},
           {"UDP and padding that would be TCP",
            segment_of(family, 60).protocol(17).ip_length(ip_bytes(8)).bytes(), not_tcp}});
}

TEST_P(Parsing, OtherProtocolsAreNotTcp) {
    std::vector<ParsingCase> cases;
    for (unsigned protocol = 0; protocol < 256; ++protocol) {
        const bool extension = family.ipv6 && (protocol == 0 || protocol == 43 || protocol == 44 ||
                                               protocol == 51 || protocol == 60 || protocol == 135);
        if (protocol == 6 || extension) continue;
        cases.push_back(
            {fmt::format("protocol {}", protocol),
             segment_of(family, 60).protocol(static_cast<std::uint8_t>(protocol)).bytes(),
             not_tcp});
        cases.push_back({fmt::format("protocol {} without content", protocol),
                         ip(family.scanner, family.host, static_cast<std::uint8_t>(protocol), {})
                             .padding(40)
                             .bytes(),
                         not_tcp});
    }
    check(cases);
}

TEST_P(Parsing, WhatTheKernelChecksIsNotCheckedHere) {
    check({{"TTL 0", probe().ttl(0).bytes(), recorded},
           {"wrong TCP checksum", probe().checksum(0xdead).bytes(), recorded},
           {"wrong IPv4 checksum", probe().ip_checksum(0xdead).bytes(), recorded},
           {"ECN and DSCP bits", probe().traffic_class(0xff).bytes(), recorded},
           {"source port 0", probe().source_port(0).bytes(), recorded},
           {"nonsense for TCP options", probe().tcp_options(Bytes(40, 0xff)).bytes(), recorded}});
}

TEST_P(ParsingIpv4, SkipsOptionsOfEveryLength) {
    std::vector<ParsingCase> cases;
    for (std::size_t size = 0; size <= 40; size += 4)
        for (const std::uint8_t byte : {0x01, 0xff, 0x06})
            cases.push_back({fmt::format("{} bytes of {:#x}", size, byte),
                             probe().ip_options(Bytes(size, byte)).bytes(), recorded});
    check(cases);
}

TEST_P(ParsingIpv4, TotalLengthZeroReachesToTheEndOfTheFrame) {
    const auto ack = tcp(family.scanner, family.host, parsed_port, "A");
    check({{"SYN", probe().ip_length(0).bytes(), recorded},
           {"ACK", Packet{ack}.ip_length(0).bytes(), not_probe},
           {"SYN with options", probe().ip_options(Bytes(8, 1)).ip_length(0).bytes(), recorded},
           {"70,000 bytes", probe().payload_size(70'000).ip_length(0).bytes(), recorded},
           {"UDP", udp(family.scanner, family.host, 53).ip_length(0).bytes(), not_tcp},
           {"TCP of 19 bytes", segment_of(family, 19).ip_length(0).bytes(), malformed},
           {"TCP of 19 bytes and one of padding",
            segment_of(family, 19).ip_length(0).padding(1).bytes(), recorded},
           {"data offset beyond", probe().data_offset(6).ip_length(0).bytes(), malformed},
           {"first fragment of 8 bytes",
            segment_of(family, 8, "A").fragment_fields(0, true).ip_length(0).bytes(), recorded},
           {"no TCP at all", segment_of(family, 0).ip_length(0).bytes(), malformed}});
}

TEST_P(ParsingIpv6, WalksEachExtensionHeaderOfEachLength) {
    std::vector<ParsingCase> cases;
    using Adder = Packet &(Packet::*)(std::uint8_t);
    const std::vector<std::pair<const char *, Adder>> adders{
        {"hop-by-hop", &Packet::hop_by_hop},
        {"routing", &Packet::routing},
        {"destination options", &Packet::destination_options},
        {"authentication", &Packet::authentication},
        {"mobility", &Packet::mobility}};
    for (const auto &[name, add] : adders)
        for (const std::uint8_t length : {0, 1, 2, 3, 7, 127, 254, 255}) {
            auto one = probe();
            auto two = probe();
            (one.*add)(length);
            ((two.*add)(length).*add)(length);
            cases.push_back({fmt::format("{} of length {}", name, length), one.bytes(), recorded});
            cases.push_back({fmt::format("{} twice", name), two.bytes(), recorded});
            cases.push_back(
                {fmt::format("{} before an ACK", name), one.flags("A").bytes(), not_probe});
        }
    check(cases);
}

/// A chain of that many extension headers, of all kinds in turn.
Packet chain(Packet packet, unsigned count) {
    for (unsigned i = 0; i < count; ++i) switch (i % 5) {
        case 0:
            packet.hop_by_hop();
            break;
        case 1:
            packet.destination_options(2);
            break;
        case 2:
            packet.routing(1);
            break;
        case 3:
            packet.authentication();
            break;
        default:
            packet.mobility(3);
            break;
        }
    return packet;
}

TEST_P(ParsingIpv6, WalksUpToEightExtensionHeaders) {
    std::vector<ParsingCase> cases;
    const auto ack = tcp(family.scanner, family.host, parsed_port, "A");
    for (unsigned count = 1; count <= 12; ++count) {
        const bool walked = count <= 8;
        cases.push_back({fmt::format("{} headers, SYN", count), chain(probe(), count).bytes(),
                         walked ? recorded : not_tcp});
        cases.push_back({fmt::format("{} headers, ACK", count), chain(ack, count).bytes(),
                         walked ? not_probe : not_tcp});
        cases.push_back({fmt::format("{} headers, UDP", count),
                         chain(udp(family.scanner, family.host, 53), count).bytes(), not_tcp});
        cases.push_back({fmt::format("{} headers and an atomic fragment", count),
                         chain(probe(), count).fragment_fields(0, false).bytes(),
                         count < 8 ? recorded : not_tcp});
    }
    check(cases);
}

TEST_P(ParsingIpv6, LongestChainIsWalked) {
    auto packet = probe();
    for (int i = 0; i < 8; ++i) packet.destination_options(255);
    check({{"eight headers of 2,048 bytes", packet.bytes(), recorded},
           {"before an ACK", packet.flags("A").bytes(), not_probe}});
}

TEST_P(ParsingIpv6, PayloadLengthZeroIsPassed) {
    check({{"jumbogram", probe().hop_by_hop().ip_length(0).bytes(), not_tcp},
           {"TCP behind it", probe().ip_length(0).bytes(), not_tcp},
           {"nothing behind it", segment_of(family, 0).bytes(), not_tcp},
           {"fragment header behind it", probe().fragment_fields(0, true).ip_length(0).bytes(),
            not_tcp}});
}

} // namespace
} // namespace portscan
