// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/pcapng.h"
#include "tests/capture_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ostream>

namespace portscan {
namespace {

using test::ByteWriter;
using test::PcapBytes;
using test::PcapngBytes;
using test::sample_frame;
using test::tcp_packet;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::uint16_t comment_code = 1;
constexpr std::uint16_t flags_code = 2;

class PcapngTest : public test::CaptureFixture {
  protected:
    std::string refusal(const PcapngBytes &file) {
        return error_of(directory.write("x", file.bytes()));
    }
    /// The file as it would be written again: every block, `comment` added to each packet.
    Bytes annotated(ByteView file, std::string_view comment) {
        Bytes out, one;
        CaptureReader reader = CaptureReader::open(
            directory.write("x", file), {.blocks = [&](const pcapng::Block &block) {
                out.insert(out.end(), block.bytes.begin(), block.bytes.end());
            }});
        while (const auto frame = reader.next()) {
            one.assign(frame->block.bytes.begin(), frame->block.bytes.end());
            if (!comment.empty())
                add_comment(
                    one, frame->block,
                    {reinterpret_cast<const std::uint8_t *>(comment.data()), comment.size()});
            out.insert(out.end(), one.begin(), one.end());
        }
        damage = reader.damage();
        return out;
    }
    /// Of each packet its comments, in order.
    std::vector<std::vector<std::string>> comments(ByteView file) {
        std::vector<std::vector<std::string>> found;
        CaptureReader reader = CaptureReader::open(directory.write("x", file),
                                                   {.blocks = [](const pcapng::Block &) {}});
        while (const auto frame = reader.next()) {
            const ByteView body = frame->block.body();
            const auto captured = frame->block.order.get32(body, 12);
            pcapng::OptionReader options{body.subspan(20 + (captured + 3) / 4 * 4),
                                         frame->block.order};
            auto &texts = found.emplace_back();
            while (const auto option = options.next())
                if (option->code == comment_code)
                    texts.emplace_back(option->value.begin(), option->value.end());
        }
        return found;
    }
};

class PcapngBothOrders : public PcapngTest, public testing::WithParamInterface<std::endian> {};
INSTANTIATE_TEST_SUITE_P(All, PcapngBothOrders,
                         testing::Values(std::endian::little, std::endian::big),
                         test::byte_order_name);

TEST_P(PcapngBothOrders, EachInterfaceHasItsLinkType) {
    PcapngBytes file{GetParam()};
    file.interface(test::link_ethernet).interface(test::link_raw).interface(test::link_null);
    Bytes loopback{0, 0, 0, 0};
    loopback[GetParam() == std::endian::big ? 3 : 0] = 2;
    const Bytes packet = tcp_packet(22);
    loopback.insert(loopback.end(), packet.begin(), packet.end());
    file.packet(1, 1, packet).packet(0, 2, sample_frame(60)).packet(2, 3, loopback);
    file.packet(1, 4, packet);
    const auto frames = read(file.bytes());
    ASSERT_EQ(frames.size(), 4) << damage;
    EXPECT_EQ(frames[1].bytes, sample_frame(60));
    for (const std::size_t i : {0U, 2U, 3U}) {
        ASSERT_EQ(frames[i].bytes.size(), 14 + packet.size()) << i;
        EXPECT_TRUE(std::equal(packet.begin(), packet.end(), frames[i].bytes.begin() + 14)) << i;
        EXPECT_EQ(frames[i].frame.number, i + 1);
    }
    EXPECT_EQ(damage, "");
}

TEST_P(PcapngBothOrders, FilterAppliesToEachLinkType) {
    PcapngBytes file{GetParam()};
    file.interface(test::link_raw).interface(test::link_null);
    Bytes loopback{0, 0, 0, 0};
    loopback[GetParam() == std::endian::big ? 3 : 0] = 2;
    const Bytes packet = tcp_packet(80);
    loopback.insert(loopback.end(), packet.begin(), packet.end());
    file.packet(0, 1, packet).packet(0, 2, tcp_packet(22)).packet(1, 3, loopback);
    const auto frames = read(file.bytes(), {.filter = "tcp dst port 80"});
    ASSERT_EQ(frames.size(), 3);
    EXPECT_TRUE(frames[0].frame.selected);
    EXPECT_FALSE(frames[1].frame.selected);
    EXPECT_TRUE(frames[2].frame.selected);
}

TEST_P(PcapngBothOrders, DirectionOutgoingIsSeen) {
    for (const std::uint32_t flags : {0U, 1U, 2U, 3U, 0x1eU, 0x1dU}) {
        PcapngBytes file{GetParam()};
        file.interface(test::link_ethernet);
        const Bytes value = file.writer().u32(flags).bytes();
        const ByteWriter options = file.writer().comment("a").option(flags_code, value).u32(0);
        file.packet_with(options, 0, 1, sample_frame(61));
        file.obsolete_packet(options, 0, 2, sample_frame(61));
        const auto frames = read(file.bytes());
        ASSERT_EQ(frames.size(), 2);
        for (const auto &one : frames) EXPECT_EQ(one.frame.outgoing, (flags & 3) == 2) << flags;
    }
}

TEST_P(PcapngBothOrders, CheckSequenceIsTakenOff) {
    const auto lengths = [&](std::uint16_t link_type, std::optional<std::uint8_t> of_interface,
                             std::uint32_t of_packet) {
        PcapngBytes file{GetParam()};
        ByteWriter options = file.writer();
        if (of_interface) options.option(13, Bytes{*of_interface}).u32(0);
        file.interface_with(options, link_type);
        const Bytes flags = file.writer().u32(of_packet << 5).bytes();
        file.packet_with(file.writer().option(flags_code, flags), 0, 1, tcp_packet(22));
        const auto frames = read(file.bytes());
        return frames.at(0).bytes.size() == frames.at(0).frame.wire_length
                   ? frames.at(0).bytes.size()
                   : 0;
    };
    EXPECT_EQ(lengths(test::link_ethernet, {}, 0), 40);
    EXPECT_EQ(lengths(test::link_ethernet, 32, 0), 36) << "bits";
    EXPECT_EQ(lengths(test::link_ethernet, 4, 0), 36) << "some write bytes";
    EXPECT_EQ(lengths(test::link_ethernet, {}, 4), 36);
    EXPECT_EQ(lengths(test::link_ethernet, 32, 2), 38) << "the packet's own counts";
    EXPECT_EQ(lengths(test::link_raw, 32, 0), 54) << "no frame";
}

TEST_P(PcapngBothOrders, SimplePacketsEndAtTheSnapLengthAndTakeTheTimeBefore) {
    PcapngBytes file{GetParam()};
    file.interface(test::link_ethernet, 62);
    file.simple_packet(sample_frame(60), 60).packet(0, 5, sample_frame(20));
    file.simple_packet(sample_frame(62), 1'500).simple_packet(sample_frame(33), 33);
    const auto frames = read(file.bytes());
    ASSERT_EQ(frames.size(), 4) << damage;
    EXPECT_EQ(frames[0].bytes, sample_frame(60));
    EXPECT_EQ(frames[0].frame.time_ns, 0);
    EXPECT_EQ(frames[2].bytes, sample_frame(62));
    EXPECT_EQ(frames[2].frame.wire_length, 1'500);
    EXPECT_EQ(frames[2].frame.time_ns, 5'000);
    EXPECT_EQ(frames[3].bytes, sample_frame(33));
    EXPECT_EQ(damage, "");
}

TEST_P(PcapngBothOrders, ObsoletePacketsAreRead) {
    PcapngBytes file{GetParam()};
    file.interface(test::link_raw).interface(test::link_ethernet);
    file.obsolete_packet(file.writer(), 1, 7, sample_frame(33));
    const auto frames = read(file.bytes());
    ASSERT_EQ(frames.size(), 1) << damage;
    EXPECT_EQ(frames[0].bytes, sample_frame(33));
    EXPECT_EQ(frames[0].frame.time_ns, 7'000);
}

TEST_P(PcapngBothOrders, BlocksAreCopiedAsTheyAre) {
    PcapngBytes file{GetParam()};
    file.block(0xbad, file.writer().u32(1)); // of a vendor
    file.interface(test::link_ethernet, 96, 9).block(4, file.writer().u32(0));
    file.packet_with(file.writer().comment("kept").u32(0), 0, 1, sample_frame(61));
    file.block(5, file.writer().u32(0).u32(1).u32(2)); // statistics
    file.section().block(10, file.writer().u32(7)).interface(test::link_raw);
    file.obsolete_packet(file.writer(), 0, 1, tcp_packet(22)).block(0x80000001, file.writer());
    EXPECT_EQ(annotated(file.bytes(), ""), file.bytes());
    EXPECT_EQ(damage, "");
}

TEST_P(PcapngBothOrders, CommentIsTheLastOfTheOptions) {
    PcapngBytes file{GetParam()};
    file.interface(test::link_ethernet);
    const Bytes flags = file.writer().u32(1).bytes();
    const auto options = [&] { return file.writer(); };
    file.packet(0, 1, sample_frame(61));
    file.packet_with(options().comment("one").option(flags_code, flags).comment("two").u32(0), 0, 2,
                     sample_frame(62));
    file.packet_with(options().comment("no end"), 0, 3, sample_frame(63));
    file.packet_with(options().comment("x").u32(0).comment("behind the end"), 0, 4, Bytes{});
    file.packet_with(options().comment("y").u16(1).u16(500).u32(7), 0, 5, sample_frame(64));
    file.obsolete_packet(options().comment("old").u32(0), 0, 6, sample_frame(65));
    file.simple_packet(sample_frame(66), 66);

    const Bytes out = annotated(file.bytes(), "ours");
    EXPECT_EQ(damage, "");
    EXPECT_THAT(comments(out), ElementsAre(ElementsAre("ours"), ElementsAre("one", "two", "ours"),
                                           ElementsAre("no end", "ours"), ElementsAre("x", "ours"),
                                           ElementsAre("y", "ours"), ElementsAre("old", "ours"),
                                           ElementsAre("ours")));
    const auto before = read(file.bytes());
    const auto after = read(out);
    ASSERT_EQ(before.size(), after.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_EQ(after[i].bytes, before[i].bytes) << i;
        EXPECT_EQ(after[i].frame.time_ns, before[i].frame.time_ns) << i;
        EXPECT_EQ(after[i].frame.wire_length, before[i].frame.wire_length) << i;
    }
    EXPECT_THAT(comments(annotated(out, "again")).at(1),
                ElementsAre("one", "two", "ours", "again"));
}

TEST_F(PcapngTest, SectionsMayDifferInByteOrderAndInterfaces) {
    PcapngBytes big{std::endian::big}, little;
    big.interface(test::link_raw).packet(0, 1, tcp_packet(22));
    little.interface(test::link_ethernet).packet(0, 2, sample_frame(60));
    Bytes file = big.bytes();
    for (const Bytes &part : {little.bytes(), big.bytes()})
        file.insert(file.end(), part.begin(), part.end());
    const auto frames = read(file);
    ASSERT_EQ(frames.size(), 3) << damage;
    EXPECT_EQ(frames[1].bytes, sample_frame(60));
    EXPECT_EQ(frames[2].bytes, frames[0].bytes);
    EXPECT_EQ(annotated(file, ""), file);
}

TEST_F(PcapngTest, InterfacesOfAnEarlierSectionAreGone) {
    PcapngBytes file;
    file.interface(test::link_ethernet).packet(0, 1, sample_frame(60));
    file.section().packet(0, 2, sample_frame(60));
    EXPECT_THAT(read(file.bytes()), SizeIs(1));
    EXPECT_THAT(damage, HasSubstr("record 2: a packet arrived on interface 0, and the section "
                                  "describes 0"));
}

struct TimeCase {
    std::uint8_t resolution;
    std::int64_t offset_s;
    std::uint64_t ticks;
    std::uint64_t ns;

    friend std::ostream &operator<<(std::ostream &out, const TimeCase &one) {
        return out << "resolution " << unsigned{one.resolution} << ", offset " << one.offset_s
                   << " s, " << one.ticks << " ticks";
    }
};

class PcapngTimes : public PcapngTest, public testing::WithParamInterface<TimeCase> {};

TEST_P(PcapngTimes, AreReadInTheirUnit) {
    const TimeCase &row = GetParam();
    for (const std::endian order : {std::endian::little, std::endian::big}) {
        PcapngBytes file{order};
        const auto offset = static_cast<std::uint64_t>(row.offset_s);
        ByteWriter value = file.writer();
        const auto high = static_cast<std::uint32_t>(offset >> 32);
        const auto low = static_cast<std::uint32_t>(offset);
        order == std::endian::big ? value.u32(high).u32(low) : value.u32(low).u32(high);
        file.interface_with(
            file.writer().option(9, Bytes{row.resolution}).option(14, value.bytes()).u32(0),
            test::link_ethernet);
        file.packet(0, row.ticks, sample_frame(60));
        EXPECT_EQ(read(file.bytes()).at(0).frame.time_ns, row.ns);
    }
}
INSTANTIATE_TEST_SUITE_P(
    All, PcapngTimes,
    testing::Values(TimeCase{6, 0, 1'700'000'000'000'001, 1'700'000'000'000'001'000},
                    TimeCase{3, 0, 1'700'000'000'001, 1'700'000'000'001'000'000},
                    TimeCase{12, 0, 1'234'567'891'999, 1'234'567'891},
                    TimeCase{28, 0, UINT64_MAX, 1}, TimeCase{29, 0, UINT64_MAX, 0},
                    TimeCase{127, 0, UINT64_MAX, 0}, TimeCase{0x80 | 1, 0, 3, 1'500'000'000},
                    TimeCase{0x80 | 32, 0, (5ULL << 32) + (1ULL << 31), 5'500'000'000},
                    TimeCase{0x80 | 63, 0, UINT64_MAX, 1'999'999'999},
                    TimeCase{0x80 | 127, 0, UINT64_MAX, 0},
                    TimeCase{6, 1'700'000'000, 5, 1'700'000'000'000'005'000},
                    TimeCase{9, -1, 1'000'000'007, 7}, TimeCase{9, -5, 1, 0},
                    TimeCase{9, INT64_MAX, 1, INT64_MAX}, TimeCase{9, INT64_MIN, 1, 0}));

TEST_F(PcapngTest, UnsupportedLinkTypeIsRefusedAtTheFirstPacketAndEndsTheFileLater) {
    PcapngBytes never;
    never.interface(test::link_ethernet).interface(test::link_wifi);
    never.packet(0, 1, sample_frame(60));
    EXPECT_THAT(read(never.bytes()), SizeIs(1));
    EXPECT_EQ(damage, "") << "nothing came from that interface";

    PcapngBytes first, later = never;
    first.interface(test::link_wifi).packet(0, 1, sample_frame(60));
    EXPECT_THAT(refusal(first), HasSubstr("link type IEEE802_11 is not supported"));
    later.packet(1, 2, sample_frame(60)).packet(0, 3, sample_frame(60));
    EXPECT_THAT(read(later.bytes()), SizeIs(1));
    EXPECT_THAT(damage, StartsWith("record 2: link type IEEE802_11 is not supported"));
}

TEST_F(PcapngTest, FilterThatALaterLinkTypeCannotHaveEndsTheFile) {
    PcapngBytes file;
    file.interface(test::link_ethernet).interface(test::link_raw);
    file.packet(0, 1, sample_frame(60)).packet(1, 2, tcp_packet(22));
    EXPECT_THAT(read(file.bytes(), {.filter = "ether src 02:00:00:00:00:01"}), SizeIs(1));
    EXPECT_THAT(damage, StartsWith("record 2: filter 'ether src"));
}

TEST_F(PcapngTest, DamageIsNamed) {
    const auto damaged_by = [&](const ByteWriter &more) {
        PcapngBytes file;
        file.interface(test::link_ethernet).packet(0, 1, sample_frame(60)).raw(more.bytes());
        EXPECT_THAT(read(file.bytes()), SizeIs(1));
        return damage;
    };
    const auto block = [](std::uint32_t type, const ByteWriter &body) {
        const auto length = static_cast<std::uint32_t>(body.size() + 12);
        return ByteWriter{}.u32(type).u32(length).raw(body.bytes()).u32(length);
    };
    const auto packet = [](std::uint32_t captured) {
        return ByteWriter{}.u32(0).u32(0).u32(1).u32(captured).u32(60).raw(Bytes(8));
    };
    EXPECT_THAT(damaged_by(ByteWriter{}.u32(5).u32(16).u32(0).u32(12)),
                StartsWith("record 2: a block of 16 bytes that says 12 at its end"));
    EXPECT_THAT(damaged_by(ByteWriter{}.u32(5).u32(0x1000004)), HasSubstr("16777216 are possible"));
    EXPECT_THAT(damaged_by(ByteWriter{}.u32(5).u32(100).u32(0)),
                HasSubstr("cut off: 12 bytes of a block of 100"));
    EXPECT_THAT(damaged_by(ByteWriter{}.u32(5)), HasSubstr("cut off within the header"));
    EXPECT_THAT(damaged_by(ByteWriter{}.u32(0x0a0d0d0a).u32(28).u16(1)),
                HasSubstr("cut off within a section header"));
    EXPECT_THAT(damaged_by(ByteWriter{}.u32(0x0a0d0d0a).u32(28).u32(7)),
                HasSubstr("without a byte order"));
    EXPECT_THAT(damaged_by(block(0x0a0d0d0a, ByteWriter{}.u32(0x1a2b3c4d))),
                HasSubstr("section header that is too short"));
    EXPECT_THAT(
        damaged_by(block(0x0a0d0d0a, ByteWriter{}.u32(0x1a2b3c4d).u16(2).u16(0).u32(0).u32(0))),
        HasSubstr("version 2.0"));
    EXPECT_THAT(damaged_by(block(1, ByteWriter{}.u32(1))), HasSubstr("interface description"));
    EXPECT_THAT(damaged_by(block(3, ByteWriter{})), HasSubstr("simple packet"));
    EXPECT_THAT(damaged_by(block(6, packet(9))), HasSubstr("longer than its block"));
    EXPECT_THAT(damaged_by(block(2, packet(0xfffffff0))), HasSubstr("longer than its block"));
    EXPECT_THAT(damaged_by(block(6, ByteWriter{}.u32(0).u32(0))),
                HasSubstr("longer than its block"));
    EXPECT_EQ(damaged_by(block(6, packet(60))), damage) << "a packet cut short by its block";
}

TEST_F(PcapngTest, LargestBlockIsCopiedAndALargerOneIsDamage) {
    PcapngBytes file;
    file.interface(test::link_ethernet).block(0xbad, ByteWriter{}.raw(Bytes(16'777'216 - 12, 3)));
    file.packet(0, 1, sample_frame(60));
    EXPECT_EQ(annotated(file.bytes(), ""), file.bytes());
    EXPECT_EQ(damage, "");
    file.block(0xbad, ByteWriter{}.raw(Bytes(16'777'216 - 8, 3))).packet(0, 2, sample_frame(60));
    EXPECT_THAT(read(file.bytes()), SizeIs(1));
    EXPECT_THAT(damage, HasSubstr("record 2: a block of 16777220 bytes"));
}

TEST_F(PcapngTest, InterfacesAreBounded) {
    PcapngBytes file;
    for (unsigned i = 0; i < 65'536; ++i) file.interface(test::link_ethernet);
    file.packet(65'535, 1, sample_frame(60)).interface(test::link_ethernet);
    file.packet(0, 1, sample_frame(60));
    EXPECT_THAT(read(file.bytes()), SizeIs(1));
    EXPECT_THAT(damage, HasSubstr("more than 65536 interfaces"));
}

TEST_F(PcapngTest, PcapBecomesAPcapngOfNanoseconds) {
    for (const std::uint16_t link_type :
         {test::link_ethernet, test::link_raw, test::link_sll2, test::link_loop}) {
        PcapBytes file{{.order = std::endian::big, .nanoseconds = true, .link_type = link_type}};
        file.record(1'700'000'000, 1, tcp_packet(22), 1'500)
            .record(0xffffffff, 5, sample_frame(61));
        const Bytes out = annotated(file.bytes(), "ours");
        EXPECT_THAT(comments(out), ElementsAre(ElementsAre("ours"), ElementsAre("ours")));
        const auto before = read(file.bytes());
        const auto after = read(out);
        ASSERT_EQ(after.size(), 2) << damage;
        for (std::size_t i = 0; i < 2; ++i) {
            EXPECT_EQ(after[i].bytes, before[i].bytes);
            EXPECT_EQ(after[i].frame.time_ns, before[i].frame.time_ns);
            EXPECT_EQ(after[i].frame.wire_length, before[i].frame.wire_length);
        }
    }
}

TEST_F(PcapngTest, WithoutAVisitorThereIsNoBlockOfAPcap) {
    PcapBytes file;
    file.record(1, 0, sample_frame(60));
    EXPECT_THAT(read(file.bytes()).at(0).frame.block.bytes, IsEmpty());
}

} // namespace
} // namespace portscan
