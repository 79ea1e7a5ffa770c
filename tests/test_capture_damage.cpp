// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/capture_fixture.h"
#include "tests/compress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

namespace portscan {
namespace {

using test::PcapBytes;
using test::PcapngBytes;
using test::sample_frame;
using test::operator+;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// A capture and, by the size of the file at which they are complete, how many records it holds.
struct Example {
    Bytes bytes{};
    std::map<std::size_t, std::size_t> records{};

    std::size_t complete_at(std::size_t size) const {
        return std::prev(records.upper_bound(size))->second;
    }
};

Example pcap_example() {
    PcapBytes file;
    Example example{.records = {{0, 0}, {file.size(), 0}}};
    for (std::size_t i = 1; i <= 3; ++i)
        example.records[file.record(1, 0, sample_frame(10 * i)).size()] = i;
    example.bytes = file.bytes();
    return example;
}

Example pcapng_example() {
    PcapngBytes file;
    file.interface(test::link_ethernet, 262'144, 9);
    Example example{.records = {{0, 0}, {file.size(), 0}}};
    for (std::size_t i = 1; i <= 3; ++i)
        example.records[file.packet(0, 1, sample_frame(10 * i)).size()] = i;
    example.bytes = file.bytes();
    return example;
}

class CaptureDamage : public test::CaptureFixture {
  protected:
    /// Reads it: however damaged, it is read up to some record or refused, in one line.
    std::size_t records_of(ByteView file) {
        refusal.clear();
        damage.clear();
        std::size_t count = 0;
        try {
            count = read(file).size();
        } catch (const CaptureError &error) {
            refusal = error.what();
        }
        EXPECT_THAT(refusal + damage, Not(HasSubstr("\n")));
        return count;
    }

    std::string refusal;
};

TEST_F(CaptureDamage, FileCutAnywhereGivesAllRecordsBefore) {
    for (const Example &example : {pcap_example(), pcapng_example()}) {
        const std::size_t first_record = std::next(example.records.begin())->first;
        for (std::size_t size = 0; size < example.bytes.size(); ++size) {
            const std::size_t complete = example.complete_at(size);
            EXPECT_EQ(records_of(ByteView{example.bytes}.first(size)), complete) << size;
            EXPECT_EQ(refusal.empty(), size >= first_record) << size;
            if (example.records.count(size) != 0) continue;
            if (size < first_record) continue;
            EXPECT_THAT(damage, StartsWith("record " + std::to_string(complete + 1) + ": "))
                << size;
        }
        EXPECT_EQ(records_of(example.bytes), 3);
        EXPECT_EQ(damage, "");
    }
}

TEST_F(CaptureDamage, CutCompressionGivesAllRecordsBefore) {
    const Example example = pcap_example();
    for (const auto &compress : {test::gzip, test::zstd}) {
        const Bytes first = compress(example.bytes);
        const Bytes second = compress(PcapBytes{}.record(9, 9, sample_frame(5'000)).bytes());
        const Bytes whole = first + compress(ByteView{example.bytes}.subspan(24)) + second;
        for (std::size_t size = first.size() + 1; size < whole.size() - second.size(); ++size) {
            EXPECT_GE(records_of(ByteView{whole}.first(size)), 3) << size;
            EXPECT_THAT(damage, HasSubstr("cut off")) << size;
        }
    }
}

TEST_F(CaptureDamage, AbsurdRecordLengthEndsTheFileThere) {
    PcapBytes pcap;
    pcap.record(1, 0, sample_frame(60)).record(2, 0, sample_frame(60));
    pcap.u32(3).u32(0).u32(0xfffffff0).u32(60).raw(sample_frame(60));
    EXPECT_EQ(records_of(pcap.bytes()), 2);
    EXPECT_THAT(damage, HasSubstr("record 3: invalid packet capture length 4294967280"));

    PcapngBytes pcapng;
    pcapng.interface(test::link_ethernet).packet(0, 1, sample_frame(60));
    pcapng.u32(6).u32(0xfffffff0).raw(sample_frame(100));
    EXPECT_EQ(records_of(pcapng.bytes()), 1);
    EXPECT_THAT(damage, StartsWith("record 2: "));
}

TEST_F(CaptureDamage, BlockLengthBelowItsHeaderEndsTheFileThere) {
    for (const std::uint32_t length : {0, 4, 8, 11}) {
        PcapngBytes file;
        file.interface(test::link_ethernet).packet(0, 1, sample_frame(60));
        file.u32(1).u32(length).raw(Bytes(100));
        EXPECT_EQ(records_of(file.bytes()), 1) << length;
        EXPECT_THAT(damage, StartsWith("record 2: ")) << length;
    }
}

TEST_F(CaptureDamage, PacketOfAnUnknownInterfaceEndsTheFileThere) {
    PcapngBytes file;
    file.interface(test::link_ethernet)
        .packet(0, 1, sample_frame(60))
        .packet(1, 2, sample_frame(60));
    EXPECT_EQ(records_of(file.bytes()), 1);
    EXPECT_THAT(damage, HasSubstr("record 2: a packet arrived on interface 1"));
}

TEST_F(CaptureDamage, PcapngWithoutInterfaceIsRefused) {
    EXPECT_EQ(records_of(PcapngBytes{}.bytes()), 0);
    EXPECT_THAT(refusal, HasSubstr("describes no interface"));
}

TEST_F(CaptureDamage, AnyByteMayBeWrong) {
    const Bytes pcap = pcap_example().bytes;
    for (const Bytes &whole : {pcap, pcapng_example().bytes, test::gzip(pcap), test::zstd(pcap)}) {
        for (std::size_t i = 0; i < whole.size(); ++i) {
            for (const std::uint8_t value : Bytes{0x00, 0x01, 0x7f, 0x80, 0xff}) {
                Bytes file = whole;
                file[i] = value;
                EXPECT_LE(records_of(file), 3) << i;
            }
        }
    }
}

TEST_F(CaptureDamage, PacketsBeforeDamageInTheFirstRecordAreNone) {
    PcapBytes file;
    file.u32(1).u32(0).u32(60);
    EXPECT_EQ(records_of(file.bytes()), 0);
    EXPECT_EQ(refusal, "");
    EXPECT_THAT(damage, HasSubstr("record 1: truncated dump file"));
}

} // namespace
} // namespace portscan
