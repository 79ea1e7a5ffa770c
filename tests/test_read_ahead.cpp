// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/read_ahead.h"

#include "sim/measure.h"
#include "tests/capture_fixture.h"

#include <filesystem>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using test::PcapBytes;
using test::PcapngBytes;
using test::sample_frame;

class ReadAheadTest : public test::CaptureFixture {
  protected:
    /// More than all batches hold, of sizes that end a batch anywhere, one of a batch alone.
    static Bytes large_capture(std::uint32_t frames = 9'000) {
        PcapBytes file{{.nanoseconds = true}};
        for (std::uint32_t i = 0; i < frames; ++i)
            file.record(1'700'000'000, i,
                        sample_frame(i == 5'000 ? 262'000 : 14 + i * 37 % 1'500, i),
                        i % 3 == 0 ? 80'000 : 0);
        return file.bytes();
    }
    std::string path() const { return directory / "x.pcap"; }
    void compare(const std::vector<test::Copy> &expected) {
        CaptureReader reader = CaptureReader::open(path());
        {
            std::size_t handed_out = 0, looked_at = 0;
            ReadAhead ahead{reader, [&](std::span<const CapturedFrame> frames) {
                                for (const CapturedFrame &frame : frames)
                                    check(frame, expected.at(looked_at++));
                            }};
            for (auto frames = ahead.next(); !frames.empty(); frames = ahead.next())
                for (const CapturedFrame &frame : frames) check(frame, expected.at(handed_out++));
            EXPECT_EQ(handed_out, expected.size());
            EXPECT_TRUE(ahead.next().empty()) << "also when asked again";
            EXPECT_EQ(ahead.bytes_read(), std::filesystem::file_size(path()));
            ahead.finish();
            EXPECT_EQ(looked_at, expected.size()) << "the last ones included";
            EXPECT_EQ(ahead.bytes_read(), std::filesystem::file_size(path()));
        }
        EXPECT_EQ(reader.damage(), damage);
    }
    static void check(const CapturedFrame &frame, const test::Copy &copy) {
        ASSERT_EQ(frame.number, copy.frame.number);
        ASSERT_EQ(frame.time_ns, copy.frame.time_ns);
        ASSERT_EQ(frame.wire_length, copy.frame.wire_length);
        ASSERT_EQ(frame.outgoing, copy.frame.outgoing);
        ASSERT_TRUE(std::equal(frame.bytes.begin(), frame.bytes.end(), copy.bytes.begin(),
                               copy.bytes.end()))
            << frame.number;
        ASSERT_TRUE(frame.dissection == dissect(copy.bytes, copy.frame.wire_length))
            << frame.number;
    }
};

TEST_F(ReadAheadTest, HandsOutWhatTheReaderReads) {
    const auto expected = read(large_capture());
    ASSERT_EQ(expected.size(), 9'000);
    compare(expected);
}

TEST_F(ReadAheadTest, AlsoOfPcapngAndOfNothing) {
    PcapngBytes file{std::endian::big};
    file.interface(test::link_ethernet);
    for (unsigned i = 0; i < 5'000; ++i) file.packet(0, i, sample_frame(200 + i % 900, i));
    compare(read(file.bytes()));
    compare(read(PcapBytes{}.bytes()));
}

TEST_F(ReadAheadTest, DamageComesAfterTheFramesBeforeIt) {
    Bytes file = large_capture();
    file.resize(file.size() - 7);
    const auto expected = read(file);
    ASSERT_EQ(expected.size(), 8'999);
    ASSERT_NE(damage, "");
    compare(expected);
}

TEST_F(ReadAheadTest, CanBeLeftBeforeTheEnd) {
    directory.write("x.pcap", large_capture());
    for (const unsigned times : {0U, 1U, 12U}) {
        CaptureReader reader = CaptureReader::open(path());
        ReadAhead ahead{reader};
        for (unsigned i = 0; i < times; ++i) EXPECT_FALSE(ahead.next().empty());
    }
}

TEST_F(ReadAheadTest, LooksAtWhatWasHandedOutAndAtNothingElse) {
    directory.write("x.pcap", large_capture());
    for (const unsigned times : {0U, 1U, 12U}) {
        CaptureReader reader = CaptureReader::open(path());
        std::vector<std::uint64_t> handed_out, looked_at;
        ReadAhead ahead{reader, [&](std::span<const CapturedFrame> frames) {
                            EXPECT_FALSE(frames.empty());
                            for (const CapturedFrame &frame : frames)
                                looked_at.push_back(frame.number);
                        }};
        for (unsigned i = 0; i < times; ++i)
            for (const CapturedFrame &frame : ahead.next()) handed_out.push_back(frame.number);
        ahead.finish();
        EXPECT_EQ(looked_at, handed_out) << times;
    }
}

/// Then one more batch says that there is no more, and nobody has run that.
TEST_F(ReadAheadTest, ACaptureThatEndsWithABatchHasNoEmptyOneToLookAt) {
    PcapBytes file{{.nanoseconds = true}};
    for (unsigned i = 0; i < 60'000; ++i) file.record(1, i, sample_frame(60, i));
    directory.write("x.pcap", file.bytes());
    std::size_t in_a_batch = 0;
    {
        CaptureReader reader = CaptureReader::open(path());
        in_a_batch = ReadAhead{reader}.next().size();
    }
    PcapBytes whole{{.nanoseconds = true}};
    for (unsigned i = 0; i < 12 * in_a_batch; ++i) whole.record(1, i, sample_frame(60, i));
    directory.write("x.pcap", whole.bytes());

    CaptureReader reader = CaptureReader::open(path());
    std::size_t batches = 0, looked_at = 0;
    ReadAhead ahead{reader, [&](std::span<const CapturedFrame> frames) {
                        EXPECT_EQ(frames.size(), in_a_batch);
                        ++looked_at;
                    }};
    while (!ahead.next().empty()) ++batches;
    ahead.finish();
    EXPECT_EQ(batches, 12U);
    EXPECT_EQ(looked_at, 12U);
    EXPECT_TRUE(ahead.next().empty()) << "also after the end";
}

TEST_F(ReadAheadTest, WhatIsThrownAfterwardsComesOut) {
    directory.write("x.pcap", large_capture());
    CaptureReader reader = CaptureReader::open(path());
    ReadAhead ahead{reader, [](auto) { throw std::runtime_error("no room"); }};
    EXPECT_FALSE(ahead.next().empty());
    EXPECT_THROW(ahead.finish(), std::runtime_error);

    CaptureReader other = CaptureReader::open(path());
    ReadAhead until{other, [](auto) { throw std::runtime_error("no room"); }};
    EXPECT_THROW(
        {
            while (!until.next().empty()) {
            }
        },
        std::runtime_error);
}

TEST_F(ReadAheadTest, IsForFilesOfSomeSizeAlone) {
    directory.write("x.pcap", large_capture());
    EXPECT_EQ(ReadAhead::pays_for(CaptureReader::open(path())), usable_cpus().size() > 1);
    directory.write("x.pcap", large_capture(10));
    EXPECT_FALSE(ReadAhead::pays_for(CaptureReader::open(path())));
}

} // namespace
} // namespace portscan
