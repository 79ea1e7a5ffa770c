// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/packet_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Action = ActionRow::Action;
using Part = PacketRow::Part;

PacketRow packet_row(std::string_view text) {
    return std::get<PacketRow>(parse_packet_text(text).at(0));
}

Dissection sent_by(const PacketRow &row) {
    const Bytes frame = row.packet().bytes();
    return dissect(frame, frame.size());
}

/// The error of a text; empty if it is read.
std::string refusal(std::string_view text, unsigned first_line = 1) {
    try {
        parse_packet_text(text, first_line);
    } catch (const TextError &error) {
        return error.what();
    }
    return {};
}

TEST(PacketText, ReadsTheScenarioOfTheDocumentation) {
    const auto rows = parse_packet_text(R"(
      0s      10.0.0.1 > 10.0.0.9:22   S      pass
      1s      10.0.0.1 > 10.0.0.9:23   FPU    pass     # Xmas

      # then nothing
      1.5s    10.0.0.1:4711 > 10.0.0.9:80   -      drop threshold
      !4s     unblock 10.0.0.1
      !5s     expire
    )");
    ASSERT_EQ(rows.size(), 5U);
    const auto &xmas = std::get<PacketRow>(rows[1]);
    EXPECT_EQ(xmas.line, 3U);
    EXPECT_EQ(xmas.time, 1s);
    EXPECT_EQ(xmas.flags, tcp_fin | tcp_psh | tcp_urg);
    EXPECT_EQ(xmas.destination.port, 23);
    EXPECT_EQ(xmas.verdict, Verdict::pass);
    EXPECT_FALSE(xmas.reason);
    const auto &null = std::get<PacketRow>(rows[2]);
    EXPECT_EQ(null.time, 1500ms);
    EXPECT_EQ(null.source.port, 4711);
    EXPECT_EQ(null.flags, 0);
    EXPECT_EQ(null.reason, Reason::threshold);
    const auto &unblock = std::get<ActionRow>(rows[3]);
    EXPECT_EQ(unblock.line, 7U);
    EXPECT_EQ(unblock.action, Action::unblock);
    EXPECT_EQ(unblock.address, "10.0.0.1");
    EXPECT_EQ(std::get<ActionRow>(rows[4]).action, Action::expire);
}

TEST(PacketText, ReadsIpv6WithAndWithoutPort) {
    for (const char *source : {"2001:db8::1", "[2001:db8::1]"}) {
        const PacketRow row = packet_row(std::string{"0s "} + source + " > [2001:db8::9]:22 S");
        EXPECT_EQ(row.source.address, Address::parse("2001:db8::1"));
        EXPECT_FALSE(row.source.port);
        EXPECT_EQ(row.destination.port, 22);
    }
    EXPECT_EQ(packet_row("0s [2001:db8::1]:40000 > [2001:db8::9]:22 S").source.port, 40000);
}

TEST(PacketText, PacketIsWhatTheRowSays) {
    const PacketRow row = packet_row("2s [fe80::1]:0 > [fe80::2]:65535 SEC payload=5");
    const Dissection seen = sent_by(row);
    EXPECT_EQ(seen.source, Address::parse("fe80::1"));
    EXPECT_EQ(seen.source_port, 0);
    EXPECT_EQ(seen.destination_port, 65535);
    EXPECT_EQ(seen.tcp_flags, tcp_syn | tcp_ece | tcp_cwr);
    EXPECT_EQ(row.packet().frame().time_ns, 2'000'000'000U);
    EXPECT_EQ(row.packet().bytes().size(), 14U + 40 + 20 + 5);
}

TEST(PacketText, SourcePortFollowsFromTheLine) {
    const auto rows = parse_packet_text("0s 10.0.0.1 > 10.0.0.9:1 S\n0s 10.0.0.1 > 10.0.0.9:1 S\n");
    const auto first = sent_by(std::get<PacketRow>(rows[0])).source_port;
    const auto second = sent_by(std::get<PacketRow>(rows[1])).source_port;
    EXPECT_EQ(first, default_source_port(1));
    EXPECT_NE(first, second);
    for (unsigned line : {0U, 1U, 16383U, 16384U, 4'000'000'000U})
        EXPECT_GE(default_source_port(line), 49152) << line;
}

TEST(PacketText, AttributesStandBetweenFlagsAndVerdict) {
    const PacketRow tagged =
        packet_row("0s 10.0.0.1 > 10.0.0.9:22 S vlan=100,7 payload=3 drop blocked");
    EXPECT_THAT(tagged.vlans, ElementsAre(100, 7));
    EXPECT_EQ(tagged.packet().bytes(), tcp("10.0.0.1", "10.0.0.9", 22, "S")
                                           .source_port(default_source_port(1))
                                           .qinq(100, 7)
                                           .payload_size(3)
                                           .bytes());
    EXPECT_EQ(tagged.verdict, Verdict::drop);
    EXPECT_EQ(packet_row("0s 10.0.0.1 > 10.0.0.9:22 S vlan=1 vlan=2").vlans.size(), 2U)
        << "repeated";
}

TEST(PacketText, FragmentsAreTinyFirstOrLater) {
    const Dissection tiny = sent_by(packet_row("0s 10.0.0.1 > 10.0.0.9:22 A frag=tiny"));
    EXPECT_EQ(tiny.fragment, Dissection::Fragment::first);
    EXPECT_TRUE(tiny.is_probe && !tiny.tcp_flags);
    const Dissection first = sent_by(packet_row("0s 10.0.0.1 > 10.0.0.9:22 A frag=first"));
    EXPECT_EQ(first.fragment, Dissection::Fragment::first);
    EXPECT_EQ(first.tcp_flags, tcp_ack);
    for (const char *row : {"0s 10.0.0.1 > 10.0.0.9:22 A frag=later",
                            "0s fe80::1 > [fe80::2]:22 A frag=later payload=65000"}) {
        const Dissection later = sent_by(packet_row(row));
        EXPECT_EQ(later.fragment, Dissection::Fragment::later) << row;
        EXPECT_TRUE(later.is_tcp) << row;
    }
}

TEST(PacketText, RowsReadBackAsTheyAreWritten) {
    for (const char *row :
         {"0s 10.0.0.1 > 10.0.0.9:22 S", "1.5s 10.0.0.1:4711 > 10.0.0.9:80 - drop threshold",
          "90s [2001:db8::1]:1 > [2001:db8::9]:0 FPU vlan=100,7 frag=first payload=9 pass",
          "1ns fe80::1 > [fe80::2]:22 SEC frag=tiny", "!4s unblock 2001:db8::1",
          "!4s block 10.0.0.1", "!1h allow 10.0.0.0/8", "!500ms disallow ::/0", "!0s expire"}) {
        const TextRow read = parse_packet_text(row).at(0);
        EXPECT_EQ(std::visit([](const auto &any) { return any.to_string(); }, read), row);
    }
}

TEST(PacketText, ErrorsNameTheLineAndTheFault) {
    EXPECT_EQ(refusal("\n\n5 10.0.0.1 > 10.0.0.9:22 S", 10),
              "line 12: '5' is no time: write it with its unit, such as 1.5s or 500ms");
    const std::pair<const char *, const char *> cases[] = {
        {"0s", "ends where source should stand"},
        {"0s 10.0.0 > 10.0.0.9:22 S", "'10.0.0' is no source"},
        {"0s 10.0.0.1:99999 > 10.0.0.9:22 S", "'10.0.0.1:99999' is no source"},
        {"0s 10.0.0.1 10.0.0.9:22 S", "'10.0.0.9:22' stands where '>' is due"},
        {"0s 10.0.0.1 > 10.0.0.9 S", "needs a port, such as 10.0.0.9:22"},
        {"0s fe80::1 > fe80::2 S", "needs a port, such as [fe80::2]:22"},
        {"0s 10.0.0.1 > [fe80::2]:22 S", "different families"},
        {"0s 10.0.0.1 > 10.0.0.9:22", "ends where the TCP flags should stand"},
        {"0s 10.0.0.1 > 10.0.0.9:22 syn", "'syn' are no TCP flags"},
        {"0s 10.0.0.1 > 10.0.0.9:22 S vlan=4096", "vlan=4096"},
        {"0s 10.0.0.1 > 10.0.0.9:22 S vlan=", "vlan=: ids"},
        {"0s 10.0.0.1 > 10.0.0.9:22 S vlan=1,", "vlan=1,: ids"},
        {"0s 10.0.0.1 > 10.0.0.9:22 S frag=whole", "tiny, first or later"},
        {"0s 10.0.0.1 > 10.0.0.9:22 S payload=65001", "0 to 65000"},
        {"0s 10.0.0.1 > 10.0.0.9:22 S ttl=1", "'ttl' is no attribute"},
        {"0s 10.0.0.1 > 10.0.0.9:22 S dropped", "'dropped' is no verdict"},
        {"0s 10.0.0.1 > 10.0.0.9:22 S drop because", "'because' is no reason"},
        {"0s 10.0.0.1 > 10.0.0.9:22 S drop vlan=7", "'vlan=7' is no reason"},
        {"0s 10.0.0.1 > 10.0.0.9:22 S drop blocked again", "'again' is left over"},
        {"!", "'' is no time"},
        {"!1s", "an action should stand"},
        {"!1s forget 10.0.0.1", "'forget' is no action of unblock, block, allow, disallow, expire"},
        {"!1s unblock", "an address should stand"},
        {"!1s unblock 10.0.0.0/8", "that is no address"},
        {"!1s allow 10.0.0.0/33", "no address or prefix"},
        {"!1s expire 10.0.0.1", "left over"},
    };
    for (const auto &[row, message] : cases) EXPECT_THAT(refusal(row), HasSubstr(message)) << row;
}

TEST(PacketText, RowOfAFrameReproducesIt) {
    for (const char *text :
         {"3s 10.0.0.1:4711 > 10.0.0.9:22 S", "3s [fe80::1]:1 > [fe80::2]:2 -",
          "3s 10.0.0.1:4711 > 10.0.0.9:22 A frag=first",
          "3s 10.0.0.1:4711 > 10.0.0.9:22 - frag=tiny", "3s 10.0.0.1 > 10.0.0.9:0 - frag=later"}) {
        const auto row = row_of(sent_by(packet_row(text)), 3s);
        ASSERT_TRUE(row) << text;
        EXPECT_EQ(row->to_string(), text);
    }
}

TEST(PacketText, NoRowForWhatARowCannotSay) {
    for (const Packet &packet : {udp("10.0.0.1", "10.0.0.9", 53), ethernet(0x0806, Bytes(28)),
                                 tcp("10.0.0.1", "10.0.0.9", 22, "S").data_offset(4),
                                 tcp("10.0.0.1", "10.0.0.9", 22, "S").fragment(0, 3)}) {
        const Bytes frame = packet.bytes();
        EXPECT_FALSE(row_of(dissect(frame, frame.size()), 0s));
        EXPECT_FALSE(row_of(dissect(ByteView{frame}.first(20), frame.size()), 0s)) << "cut";
    }
}

} // namespace
} // namespace portscan
