// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/parsing_case.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace test;

class Fragments : public BothFamilies {
  protected:
    Packet whole(const char *flags) const {
        return tcp(family.scanner, family.host, parsed_port, flags).payload_size(200);
    }
    /// A first fragment that holds that many bytes of TCP.
    Packet first(std::size_t size, const char *flags) const {
        return segment_of(family, size, flags).fragment_fields(0, true);
    }
    void check(const std::vector<ParsingCase> &cases) {
        Simulator simulator{small()};
        test::check(simulator, family, cases);
    }
};
class Ipv6Fragments : public Fragments {};
class Ipv4Fragments : public Fragments {};
INSTANTIATE_TEST_SUITE_P(For, Fragments, testing::ValuesIn(families),
                         testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(For, Ipv4Fragments, testing::Values(families[0]),
                         testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(For, Ipv6Fragments, testing::Values(families[1]),
                         testing::PrintToStringParamName());

TEST_P(Fragments, FirstOneIsJudgedByWhatItHolds) {
    std::vector<ParsingCase> cases;
    for (std::size_t size = 0; size <= 40; ++size) {
        const bool ports = size >= 4;
        const bool flags = size >= 14;
        cases.push_back({fmt::format("{} bytes of a SYN", size), first(size, "S").bytes(),
                         ports ? recorded : malformed});
        cases.push_back({fmt::format("{} bytes of an ACK", size), first(size, "A").bytes(),
                         !ports  ? malformed
                         : flags ? not_probe
                                 : recorded});
    }
    check(cases);
}

TEST_P(Fragments, PaddingOfAFirstOneIsNotParsed) {
    const auto length = [&](unsigned tcp_bytes) {
        return static_cast<std::uint16_t>(tcp_bytes + (family.ipv6 ? 8U : 20U));
    };
    std::vector<ParsingCase> cases;
    for (const unsigned size : {0U, 3U, 4U, 8U, 13U, 14U}) {
        const Outcome outcome = size < 4 ? malformed : size < 14 ? recorded : not_probe;
        cases.push_back({fmt::format("{} bytes, and padding that says ACK", size),
                         first(60, "A").ip_length(length(size)).bytes(), outcome});
    }
    for (const unsigned size : {0U, 3U, 4U, 13U, 14U})
        cases.push_back({fmt::format("{} bytes of a SYN, and zeros", size),
                         first(size, "S").padding(40).bytes(), size < 4 ? malformed : recorded});
    check(cases);
}

TEST_P(Fragments, DataOffsetOfAFirstOneIsNotChecked) {
    std::vector<ParsingCase> cases;
    for (const std::uint8_t offset : {0, 4, 6, 15}) {
        const auto syn_part = tcp(family.scanner, family.host, parsed_port, "S")
                                  .data_offset(offset)
                                  .payload_size(8)
                                  .fragment(0, 24);
        cases.push_back({fmt::format("data offset {}", offset), syn_part.bytes(), recorded});
    }
    check(cases);
}

TEST_P(Fragments, LaterOnesAreNeverParsed) {
    std::vector<ParsingCase> cases;
    for (const std::size_t offset : {8, 16, 24, 208}) {
        for (const std::size_t size : {1, 8, 12})
            cases.push_back({fmt::format("{} bytes at {}", size, offset),
                             whole("S").fragment(offset, size).bytes(), not_probe});
        cases.push_back({fmt::format("a whole SYN at {}", offset),
                         segment_of(family, 60).fragment_fields(offset, true).bytes(), not_probe});
        cases.push_back({fmt::format("a whole SYN, the last, at {}", offset),
                         segment_of(family, 60).fragment_fields(offset, false).bytes(), not_probe});
        cases.push_back({fmt::format("nothing at {}", offset),
                         segment_of(family, 0).fragment_fields(offset, true).bytes(), not_probe});
    }
    cases.push_back({"at the largest offset",
                     segment_of(family, 8).fragment_fields(65528, false).bytes(), not_probe});
    check(cases);
}

TEST_P(Fragments, OfOtherProtocolsAreNotTcp) {
    const auto datagram = udp(family.scanner, family.host, parsed_port).payload_size(60);
    check({{"first of UDP", Packet{datagram}.fragment(0, 8).bytes(), not_tcp},
           {"later of UDP", Packet{datagram}.fragment(8, 60).bytes(), not_tcp},
           {"first of UDP without content",
            segment_of(family, 0).protocol(17).fragment_fields(0, true).bytes(), not_tcp}});
}

TEST_P(Fragments, ProbeInThreePartsIsOneProbe) {
    Simulator simulator{small()};
    EXPECT_EQ(step(simulator, whole("S").fragment(0, 8)), recorded);
    EXPECT_EQ(step(simulator, whole("S").fragment(8, 8)), not_probe);
    EXPECT_EQ(step(simulator, whole("S").fragment(16, 204)), not_probe);
    EXPECT_EQ(simulator.counters().find("probes"), 1U);
}

TEST_P(Fragments, ScannerThatFragmentsIsBlockedAtItsFourthPort) {
    Simulator simulator{small()};
    const auto part = [&](std::uint16_t port) {
        return tcp(family.scanner, family.host, port, "S").payload_size(8).fragment(0, 8);
    };
    for (const std::uint16_t port : {1, 2, 3}) EXPECT_EQ(step(simulator, part(port)), recorded);
    EXPECT_EQ(step(simulator, part(4)), threshold);
}

TEST_P(Ipv4Fragments, OtherBitsOfTheFieldDoNotMatter) {
    for (const std::uint8_t bits : {0x40, 0x80, 0xc0}) { // "don't fragment", reserved, both
        auto frame = tcp(family.scanner, family.host, parsed_port, "S").bytes();
        frame[14 + 6] |= bits;
        check({{fmt::format("{:#x} of a SYN", bits), frame, recorded}});
        frame = first(8, "A").bytes();
        frame[14 + 6] |= bits;
        check({{fmt::format("{:#x} of a first fragment", bits), frame, recorded}});
    }
}

TEST_P(Ipv6Fragments, AtomicOneIsUnfragmented) {
    const auto atomic = [](Packet packet) { return packet.fragment_fields(0, false).bytes(); };
    check({{"SYN", atomic(whole("S")), recorded},
           {"ACK", atomic(whole("A")), not_probe},
           {"TCP of 19 bytes", atomic(segment_of(family, 19)), malformed},
           {"TCP of 8 bytes", atomic(segment_of(family, 8)), malformed},
           {"TCP of 20 bytes", atomic(segment_of(family, 20)), recorded},
           {"data offset 4", atomic(whole("S").data_offset(4)), malformed},
           {"no TCP at all", atomic(segment_of(family, 0)), malformed},
           {"UDP", atomic(udp(family.scanner, family.host, 53)), not_tcp}});
}

TEST_P(Ipv6Fragments, SecondHeaderIsPassed) {
    check({{"two atomic ones",
            whole("S").fragment_fields(0, false).fragment_fields(0, false).bytes(), not_tcp},
           {"first within an atomic one",
            whole("S").fragment_fields(0, false).fragment_fields(0, true).bytes(), not_tcp},
           {"first within a first one",
            whole("S").fragment_fields(0, true).fragment_fields(0, true).bytes(), not_tcp},
           {"later within a first one",
            whole("S").fragment_fields(0, true).fragment_fields(8, true).bytes(), not_tcp},
           {"with another header between",
            whole("S")
                .fragment_fields(0, false)
                .destination_options()
                .fragment_fields(0, false)
                .bytes(),
            not_tcp},
           {"first within a later one",
            whole("S").fragment_fields(8, true).fragment_fields(0, true).bytes(), not_tcp}});
}

TEST_P(Ipv6Fragments, StandAnywhereInTheChain) {
    check({{"behind options", whole("S").hop_by_hop().fragment_fields(0, true).bytes(), recorded},
           {"before options", whole("S").fragment_fields(0, true).destination_options().bytes(),
            recorded},
           {"first with ACK before options",
            whole("A").fragment_fields(0, true).destination_options().bytes(), not_probe},
           {"later behind options", whole("S").hop_by_hop().fragment_fields(8, true).bytes(),
            not_probe},
           {"later before options: its next header is not TCP",
            whole("S").fragment_fields(8, true).destination_options().bytes(), not_tcp}});
}

TEST_P(Ipv6Fragments, ReservedBitsDoNotMatter) {
    auto frame = whole("S").fragment_fields(0, false).bytes();
    frame[14 + 40 + 3] |= 0x06;
    check({{"reserved bits beside the offset", frame, recorded}});
    frame[14 + 40 + 1] = 0xff;
    check({{"reserved byte, which is no length", frame, recorded}});
}

} // namespace
} // namespace portscan
