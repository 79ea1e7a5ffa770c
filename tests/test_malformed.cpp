// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/parsing_case.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <numeric>

namespace portscan {
namespace {

using namespace test;

// The closed list of docs/detection.md: every item that a test run can deliver, cut by cut, beside
// the nearest frame that is well formed.
using Cases = std::vector<ParsingCase>;

Bytes first_bytes(const Packet &packet, std::size_t size) {
    return Packet{packet}.truncate(size).bytes();
}

void append(Cases &cases, Cases more) {
    cases.insert(cases.end(), more.begin(), more.end());
}

Cases cut_tags(const Family &family) {
    Cases cases;
    for (std::size_t tags = 1; tags <= 4; ++tags) {
        auto packet = udp(family.scanner, family.host, 53);
        for (std::size_t i = 0; i < tags; ++i) packet.vlan(7);
        packet.ethertype(0x0806);
        for (std::size_t missing = 1; missing <= 4; ++missing)
            cases.push_back({fmt::format("tag {} lacks {} bytes", tags, missing),
                             first_bytes(packet, 14 + 4 * tags - missing), malformed});
        cases.push_back({fmt::format("{} tags and nothing else", tags),
                         first_bytes(packet, 14 + 4 * tags), not_ip});
    }
    auto five = udp(family.scanner, family.host, 53).qinq(1, 2).qinq(3, 4).vlan(5);
    for (std::size_t size = 30; size <= 34; ++size)
        cases.push_back(
            {fmt::format("fifth tag cut at {}", size), first_bytes(five, size), not_ip});
    return cases;
}

Cases ipv4_headers(const Family &family) {
    Cases cases;
    const auto packet = ip(family.scanner, family.host, 17, {});
    for (std::size_t size = 0; size < 20; ++size) {
        cases.push_back(
            {fmt::format("{} bytes of IPv4", size), first_bytes(packet, 14 + size), malformed});
        cases.push_back({fmt::format("{} bytes of IPv4 in a tag", size),
                         first_bytes(Packet{packet}.vlan(7), 18 + size), malformed});
    }
    cases.push_back({"20 bytes of IPv4", packet.bytes(), not_tcp});
    for (std::uint8_t version = 0; version < 16; ++version)
        cases.push_back({fmt::format("version {}", version),
                         Packet{packet}.version(version).bytes(),
                         version == 4 ? not_tcp : malformed});
    for (std::uint8_t words = 0; words < 16; ++words) {
        const auto with_ihl =
            ip(family.scanner, family.host, 17, Bytes(40)).ihl(words).ip_length(0);
        cases.push_back(
            {fmt::format("IHL {}", words), with_ihl.bytes(), words < 5 ? malformed : not_tcp});
        if (words < 5) continue;
        const std::size_t end = 14 + 4U * words;
        cases.push_back({fmt::format("IHL {} beyond the frame", words),
                         first_bytes(with_ihl, end - 1), malformed});
        cases.push_back(
            {fmt::format("IHL {} to the frame's end", words), first_bytes(with_ihl, end), not_tcp});
    }
    return cases;
}

Cases ipv4_lengths(const Family &family) {
    Cases cases;
    const auto sized = [&](std::size_t options, unsigned length) {
        return ip(family.scanner, family.host, 17, Bytes(40 - options))
            .ip_options(Bytes(options, 1))
            .ip_length(static_cast<std::uint16_t>(length))
            .bytes();
    };
    for (const unsigned options : {0U, 4U, 40U}) {
        const unsigned header = 20 + options;
        for (const unsigned length : {1U, 19U, header - 1})
            cases.push_back({fmt::format("total length {} of IHL {}", length, header / 4),
                             sized(options, length), malformed});
        cases.push_back(
            {fmt::format("total length {}: the header", header), sized(options, header), not_tcp});
        cases.push_back({fmt::format("total length to the frame's end, IHL {}", header / 4),
                         sized(options, 60), not_tcp});
        for (const unsigned length : {61U, 62U, 1500U, 65535U})
            cases.push_back(
                {fmt::format("total length {} of 60", length), sized(options, length), malformed});
    }
    return cases;
}

Cases ipv6_headers(const Family &family) {
    Cases cases;
    const auto empty = ip(family.scanner, family.host, 59, {});
    for (std::size_t size = 0; size < 40; ++size)
        cases.push_back(
            {fmt::format("{} bytes of IPv6", size), first_bytes(empty, 14 + size), malformed});
    cases.push_back({"40 bytes of IPv6", empty.bytes(), not_tcp});
    const auto packet = udp(family.scanner, family.host, 53);
    for (std::uint8_t version = 0; version < 16; ++version)
        cases.push_back({fmt::format("version {}", version),
                         Packet{packet}.version(version).bytes(),
                         version == 6 ? not_tcp : malformed});
    for (const std::uint16_t length : {7, 8, 9, 10, 1500, 65535})
        cases.push_back({fmt::format("payload length {} of 8", length),
                         Packet{packet}.ip_length(length).bytes(),
                         length <= 8 ? not_tcp : malformed});
    cases.push_back({"payload beyond the frame behind a tag",
                     Packet{packet}.vlan(7).ip_length(9).bytes(), malformed});
    return cases;
}

/// One kind of extension header, alone and behind another, cut at each byte by the payload length;
/// what the frame holds behind is padding.
Cases ipv6_extensions(const Family &family) {
    using Adder = Packet &(Packet::*)(std::uint8_t);
    struct Extension {
        const char *name;
        Adder add;
        unsigned fixed, unit; ///< bytes: fixed + unit * length
    };
    const std::vector<Extension> extensions{
        {"hop-by-hop", &Packet::hop_by_hop, 8, 8},
        {"routing", &Packet::routing, 8, 8},
        {"destination options", &Packet::destination_options, 8, 8},
        {"authentication", &Packet::authentication, 8, 4},
        {"mobility", &Packet::mobility, 8, 8},
    };
    Cases cases;
    for (const auto &[name, add, fixed, unit] : extensions)
        for (const std::uint8_t length : {0, 1, 2, 5}) {
            const unsigned size = fixed + unit * length;
            for (const unsigned before : {0U, 16U}) {
                auto packet = ip(family.scanner, family.host, 59, Bytes(40));
                if (before != 0) packet.destination_options(1);
                (packet.*add)(length);
                for (unsigned kept = 1; kept <= size; ++kept)
                    cases.push_back(
                        {fmt::format("{} of {} bytes cut at {}, {} before", name, size, kept,
                                     before),
                         packet.ip_length(static_cast<std::uint16_t>(before + kept)).bytes(),
                         kept < size ? malformed : not_tcp});
            }
        }
    for (std::uint16_t kept = 1; kept <= 8; ++kept)
        for (const std::size_t offset : {0, 8})
            cases.push_back({fmt::format("fragment header cut at {}", kept),
                             ip(family.scanner, family.host, 59, Bytes(40))
                                 .fragment_fields(offset, true)
                                 .ip_length(kept)
                                 .bytes(),
                             kept < 8 ? malformed : not_tcp});
    return cases;
}

Cases tcp_headers(const Family &family) {
    Cases cases;
    for (std::size_t size = 0; size <= 21; ++size) {
        // IPv6 without payload is a jumbogram, not TCP; and nothing may hang on the frame's end.
        const bool empty = family.ipv6 && size == 0;
        for (const std::size_t padding : {0, 46})
            cases.push_back({fmt::format("{} bytes of TCP, {} of padding", size, padding),
                             segment_of(family, size).padding(padding).bytes(),
                             empty       ? not_tcp
                             : size < 20 ? malformed
                                         : recorded});
    }
    for (std::uint8_t words = 0; words < 16; ++words)
        for (const std::size_t size : {20, 21, 23, 24, 56, 59, 60, 61}) {
            auto segment = tcp(family.scanner, family.host, parsed_port, "S")
                               .payload_size(size - 20)
                               .data_offset(words)
                               .padding(60);
            cases.push_back({fmt::format("data offset {} of {} bytes", words, size),
                             segment.bytes(),
                             words < 5 || words * 4U > size ? malformed : recorded});
        }
    return cases;
}

Cases all_cases(const Family &family) {
    Cases cases = cut_tags(family);
    if (family.ipv6) {
        append(cases, ipv6_headers(family));
        append(cases, ipv6_extensions(family));
    } else {
        append(cases, ipv4_headers(family));
        append(cases, ipv4_lengths(family));
    }
    append(cases, tcp_headers(family));
    for (std::size_t size = 0; size <= 4; ++size)
        cases.push_back({fmt::format("first fragment with {} bytes of TCP", size),
                         segment_of(family, size).fragment_fields(0, true).padding(40).bytes(),
                         size < 4 ? malformed : recorded});
    return cases;
}

class Malformed : public BothFamilies {};
INSTANTIATE_TEST_SUITE_P(For, Malformed, testing::ValuesIn(families),
                         testing::PrintToStringParamName());

TEST_P(Malformed, IsTheClosedListAndNothingElse) {
    Simulator simulator{small()};
    check(simulator, family, all_cases(family));
}

TEST_P(Malformed, IsPassedInEveryScopeEvenOfABlockedSource) {
    for (const auto scope : {BlockScope::tcp, BlockScope::probes, BlockScope::all}) {
        SCOPED_TRACE(to_string(scope));
        Simulator simulator{small({.block_scope = scope})};
        simulator.block(family.scanner);
        for (const auto &[description, frame, outcome] : all_cases(family)) {
            const RunResult result = simulator.step(frame);
            const bool passes = outcome == malformed || outcome == not_ip ||
                                (outcome == not_tcp && scope != BlockScope::all);
            const Outcome expected = passes ? outcome : blocked;
            EXPECT_EQ((Outcome{result.verdict, result.reason}), expected) << description;
        }
    }
}

TEST_P(Malformed, CountsAsAbortedAndUnderItsReason) {
    Simulator simulator{small()};
    std::uint64_t count = 0;
    for (const auto &test : all_cases(family)) {
        if (test.outcome != malformed) continue;
        simulator.step(test.frame);
        ++count;
    }
    const auto counters = simulator.counters();
    EXPECT_GT(count, 100U);
    EXPECT_EQ(counters.find("xdp_aborted"), count);
    EXPECT_EQ(counters.of(Reason::malformed), count);
    EXPECT_EQ(counters.find("xdp_pass"), 0U);
    EXPECT_EQ(counters.find("probes"), 0U);
    EXPECT_TRUE(simulator.sources().empty());
}

TEST(MalformedFrame, IsTheOtherFamilysPacketUnderAnEthertype) {
    Simulator simulator{small()};
    EXPECT_EQ(
        step(simulator, tcp("10.0.0.1", "10.0.0.9", 1, "S").payload_size(40).ethertype(0x86dd)),
        malformed);
    EXPECT_EQ(step(simulator, tcp("fd00::1", "fd00::9", 1, "S").ethertype(0x0800)), malformed);
}

} // namespace
} // namespace portscan
