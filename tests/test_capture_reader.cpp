// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/capture_fixture.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ostream>
#include <unistd.h>

namespace portscan {
namespace {

using test::PcapBytes;
using test::PcapngBytes;
using test::sample_frame;
using test::tcp_packet;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class CaptureReaderTest : public test::CaptureFixture {};

struct FormatCase {
    std::endian order;
    bool nanoseconds;

    friend std::ostream &operator<<(std::ostream &out, const FormatCase &one) {
        return out << (one.order == std::endian::big ? "big" : "little") << " endian, in "
                   << (one.nanoseconds ? "nano" : "micro") << "seconds";
    }
};

class PcapFormats : public CaptureReaderTest, public testing::WithParamInterface<FormatCase> {};

TEST_P(PcapFormats, AreReadToTheNanosecond) {
    const auto [order, nanoseconds] = GetParam();
    PcapBytes file{{.order = order, .nanoseconds = nanoseconds}};
    file.record(1'700'000'000, 123'456, sample_frame(60), 1'500);
    file.record(1'700'000'001, 999'999, sample_frame(61, 1));
    const auto frames = read(file.bytes());
    ASSERT_EQ(frames.size(), 2);
    const std::uint64_t unit = nanoseconds ? 1 : 1'000;
    EXPECT_EQ(frames[0].frame.time_ns, 1'700'000'000'000'000'000 + 123'456 * unit);
    EXPECT_EQ(frames[1].frame.time_ns, 1'700'000'001'000'000'000 + 999'999 * unit);
    EXPECT_EQ(frames[0].frame.number, 1);
    EXPECT_EQ(frames[1].frame.number, 2);
    EXPECT_EQ(frames[0].bytes, sample_frame(60));
    EXPECT_EQ(frames[1].bytes, sample_frame(61, 1));
    EXPECT_EQ(frames[0].frame.wire_length, 1'500);
    EXPECT_TRUE(frames[0].frame.cut());
    EXPECT_FALSE(frames[1].frame.cut());
    EXPECT_EQ(damage, "");
}
INSTANTIATE_TEST_SUITE_P(All, PcapFormats,
                         testing::Values(FormatCase{std::endian::little, false},
                                         FormatCase{std::endian::little, true},
                                         FormatCase{std::endian::big, false},
                                         FormatCase{std::endian::big, true}));

class PcapngOrders : public CaptureReaderTest, public testing::WithParamInterface<std::endian> {};

TEST_P(PcapngOrders, AreReadWithTheirResolution) {
    PcapngBytes file{GetParam()};
    file.interface(test::link_ethernet).interface(test::link_ethernet, 0, 9);
    file.packet(0, 1'700'000'000'000'001, sample_frame(60));
    file.packet(1, 1'700'000'000'000'000'002, sample_frame(61));
    const auto frames = read(file.bytes());
    ASSERT_EQ(frames.size(), 2);
    EXPECT_EQ(frames[0].frame.time_ns, 1'700'000'000'000'001'000);
    EXPECT_EQ(frames[1].frame.time_ns, 1'700'000'000'000'000'002);
    EXPECT_EQ(frames[1].bytes, sample_frame(61));
    EXPECT_EQ(damage, "");
}
INSTANTIATE_TEST_SUITE_P(All, PcapngOrders, testing::Values(std::endian::little, std::endian::big),
                         test::byte_order_name);

TEST_F(CaptureReaderTest, PcapngMayHoldSeveralSections) {
    PcapngBytes file;
    file.interface(test::link_ethernet, 96).packet(0, 1, sample_frame(20));
    file.section().interface(test::link_ethernet, 262'144).packet(0, 2, sample_frame(21));
    EXPECT_EQ(read(file.bytes()).size(), 2);
    EXPECT_EQ(damage, "");
}

TEST_F(CaptureReaderTest, SnapLengthsOfInterfacesMayDiffer) {
    PcapngBytes file;
    file.interface(test::link_ethernet, 96).interface(test::link_ethernet, 65'535);
    file.packet(0, 1, sample_frame(96)).packet(1, 2, sample_frame(1'514));
    const auto frames = read(file.bytes());
    ASSERT_EQ(frames.size(), 2);
    EXPECT_EQ(frames[1].bytes, sample_frame(1'514));
    EXPECT_EQ(damage, "");
}

TEST_F(CaptureReaderTest, RecordBeyondTheSnapLengthIsWhole) {
    PcapBytes file{{.snap_length = 64}};
    file.record(1, 0, sample_frame(1'514));
    const auto frames = read(file.bytes());
    ASSERT_EQ(frames.size(), 1);
    EXPECT_EQ(frames[0].bytes, sample_frame(1'514));
}

TEST_F(CaptureReaderTest, FramesOfEverySizeAreDelivered) {
    const std::vector<std::size_t> sizes{0, 1,  2,  3,  4,  5,      6,       7, 8,
                                         9, 10, 11, 12, 13, 80'156, 262'144, 0, 14};
    PcapBytes file;
    for (const std::size_t size : sizes) file.record(1, 0, sample_frame(size));
    const auto frames = read(file.bytes());
    ASSERT_EQ(frames.size(), sizes.size());
    for (std::size_t i = 0; i < sizes.size(); ++i)
        EXPECT_EQ(frames[i].bytes, sample_frame(sizes[i]));
    EXPECT_EQ(damage, "");
}

TEST_F(CaptureReaderTest, WireLengthIsNeverBelowTheBytes) {
    PcapBytes file;
    file.record(1, 0, sample_frame(60), 20);
    const auto frames = read(file.bytes());
    ASSERT_EQ(frames.size(), 1);
    EXPECT_EQ(frames[0].frame.wire_length, 60);
}

TEST_F(CaptureReaderTest, SecondsOfPcapAreUnsigned) {
    PcapBytes file{{.nanoseconds = true}};
    file.record(0x80000000, 5, sample_frame(60)).record(0xffffffff, 999'999'999, sample_frame(60));
    const auto frames = read(file.bytes());
    ASSERT_EQ(frames.size(), 2);
    EXPECT_EQ(frames[0].frame.time_ns, 2'147'483'648'000'000'005);
    EXPECT_EQ(frames[1].frame.time_ns, 4'294'967'295'999'999'999);
}

TEST_F(CaptureReaderTest, TimesBeyondTheirRangeAreHeld) {
    PcapBytes pcap;
    pcap.record(0, 0x80000000, sample_frame(60)); // a negative fraction
    EXPECT_EQ(read(pcap.bytes()).at(0).frame.time_ns, 0);

    PcapngBytes pcapng;
    pcapng.interface(test::link_ethernet, 0, 0).interface(test::link_ethernet, 0, 9);
    pcapng.packet(0, 9'223'372'036, sample_frame(60)); // the last second that fits
    pcapng.packet(0, 9'223'372'037, sample_frame(60));
    pcapng.packet(0, INT64_MAX, sample_frame(60));
    const auto frames = read(pcapng.bytes());
    ASSERT_EQ(frames.size(), 3);
    EXPECT_EQ(frames[0].frame.time_ns, 9'223'372'036'000'000'000);
    EXPECT_EQ(frames[1].frame.time_ns, INT64_MAX);
    EXPECT_EQ(frames[2].frame.time_ns, INT64_MAX);
}

TEST_F(CaptureReaderTest, SizeAndPositionAreKnownForAFile) {
    PcapBytes file;
    file.record(1, 0, sample_frame(60));
    CaptureReader reader = CaptureReader::open(directory.write("x", file.bytes()));
    EXPECT_EQ(reader.file_size(), file.size());
    while (reader.next()) {
    }
    EXPECT_EQ(reader.bytes_read(), file.size());
    EXPECT_EQ(reader.link_type(), "EN10MB");
    EXPECT_FALSE(reader.next()) << "the end stays the end";
}

TEST_F(CaptureReaderTest, FilterSelectsAndDropsNothing) {
    PcapBytes file{{.link_type = test::link_raw}};
    file.record(1, 0, tcp_packet(22)).record(2, 0, tcp_packet(80)).record(3, 0, {});
    const auto frames = read(file.bytes(), {.filter = "tcp dst port 80"});
    ASSERT_EQ(frames.size(), 3);
    EXPECT_FALSE(frames[0].frame.selected);
    EXPECT_TRUE(frames[1].frame.selected);
    EXPECT_FALSE(frames[2].frame.selected);
    EXPECT_EQ(frames[2].frame.number, 3);
}

TEST_F(CaptureReaderTest, FilterThatDoesNotCompileIsAnError) {
    const std::string path = directory.write("x", PcapBytes{}.bytes());
    EXPECT_THAT(error_of(path, {.filter = "tcp and and port 80"}),
                AllOf(HasSubstr("filter 'tcp and and port 80'"), HasSubstr("syntax error"),
                      Not(HasSubstr("\n"))));
}

TEST_F(CaptureReaderTest, WhatIsNoCaptureIsRefusedInOneLine) {
    const auto text = sample_frame(4'000);
    EXPECT_THAT(error_of(directory / "missing"), HasSubstr("missing: No such file or directory"));
    EXPECT_THAT(error_of(""), HasSubstr("'': No such file or directory"));
    EXPECT_THAT(error_of(directory / "."), HasSubstr("Is a directory"));
    EXPECT_THAT(error_of(directory.write("empty", {})), HasSubstr("empty: empty"));
    EXPECT_THAT(error_of(directory.write("text", text)), HasSubstr("text: not a capture"));
    EXPECT_THAT(error_of(directory.write("short", ByteView{text}.first(3))),
                AllOf(HasSubstr("short: "), Not(HasSubstr("\n"))));
}

TEST_F(CaptureReaderTest, FileWithoutPermissionNamesTheUser) {
    const std::string path = directory.write("x", PcapBytes{}.bytes());
    std::filesystem::permissions(path, std::filesystem::perms::none);
    const uid_t user = geteuid();
    std::filesystem::permissions(directory / ".", std::filesystem::perms::all);
    ASSERT_EQ(user == 0 ? seteuid(65'534) : 0, 0);
    const std::string error = error_of(path);
    ASSERT_EQ(user == 0 ? seteuid(0) : 0, 0);
    EXPECT_THAT(error, AllOf(HasSubstr("Permission denied"), HasSubstr("readable for user")));
}

TEST_F(CaptureReaderTest, OtherLinkTypesAreRefusedByName) {
    const std::string path =
        directory.write("x", PcapBytes{{.link_type = test::link_wifi}}.bytes());
    EXPECT_THAT(error_of(path), HasSubstr("link type IEEE802_11 is not supported"));
}

} // namespace
} // namespace portscan
