// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/capture_fixture.h"

#include <fcntl.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <sys/wait.h>
#include <unistd.h>

namespace portscan {
namespace {

using test::PcapBytes;
using test::sample_frame;
using testing::HasSubstr;
using testing::ThrowsMessage;

class CaptureWriterTest : public test::CaptureFixture {
  protected:
    Bytes content_of(const std::string &path) {
        std::ifstream file{path, std::ios::binary};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
};

TEST_F(CaptureWriterTest, WritesNanosecondPcapOfEthernet) {
    CaptureWriter writer = CaptureWriter::create(directory / "out.pcap");
    writer.write(1'700'000'000'123'456'789, sample_frame(60));
    writer.write(1'700'000'001'000'000'000, sample_frame(61), 1'514);
    writer.write(0, {});
    writer.close();
    PcapBytes expected{{.order = std::endian::native, .nanoseconds = true}};
    expected.record(1'700'000'000, 123'456'789, sample_frame(60));
    expected.record(1'700'000'001, 0, sample_frame(61), 1'514).record(0, 0, {});
    EXPECT_EQ(content_of(directory / "out.pcap"), expected.bytes());
}

TEST_F(CaptureWriterTest, WhatIsWrittenIsReadBack) {
    CaptureWriter writer = CaptureWriter::create(directory / "out.pcap");
    for (std::size_t size = 0; size < 2'000; ++size)
        writer.write(size, sample_frame(size), size + 9);
    writer.write(4'294'967'295'999'999'999, sample_frame(262'144));
    writer.close();
    CaptureReader reader = CaptureReader::open(directory / "out.pcap");
    for (std::size_t size = 0; size < 2'000; ++size) {
        const auto frame = reader.next();
        ASSERT_TRUE(frame);
        EXPECT_EQ(frame->time_ns, size);
        EXPECT_EQ(frame->wire_length, size + 9);
        EXPECT_EQ(Bytes(frame->bytes.begin(), frame->bytes.end()), sample_frame(size));
    }
    const auto last = reader.next();
    ASSERT_TRUE(last);
    EXPECT_EQ(last->time_ns, 4'294'967'295'999'999'999);
    EXPECT_EQ(last->bytes.size(), 262'144);
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.damage(), "");
}

TEST_F(CaptureWriterTest, FrameBeyondTheSnapLengthIsCutAndTimeBeyondTheFormatHeld) {
    CaptureWriter writer = CaptureWriter::create(directory / "out.pcap");
    writer.write(UINT64_MAX, sample_frame(262'145));
    writer.close();
    CaptureReader reader = CaptureReader::open(directory / "out.pcap");
    const auto frame = reader.next();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->bytes.size(), 262'144);
    EXPECT_EQ(frame->wire_length, 262'145);
    EXPECT_EQ(frame->time_ns, 4'294'967'295'999'999'999);
}

TEST_F(CaptureWriterTest, CaptureWithoutFramesIsACapture) {
    CaptureWriter::create(directory / "out.pcap").close();
    CaptureReader reader = CaptureReader::open(directory / "out.pcap");
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.damage(), "");
}

TEST_F(CaptureWriterTest, FileThatCannotBeCreatedIsAnError) {
    const std::string path = directory / "missing/out.pcap";
    EXPECT_THAT(
        [&] { CaptureWriter::create(path); },
        ThrowsMessage<CaptureError>(HasSubstr("missing/out.pcap: No such file or directory")));
}

TEST_F(CaptureWriterTest, FullDiskIsAnErrorAtTheLatestOnClose) {
    CaptureWriter writer = CaptureWriter::create("/dev/full");
    writer.write(0, sample_frame(60));
    EXPECT_THAT([&] { writer.close(); },
                ThrowsMessage<CaptureError>(HasSubstr("/dev/full: No space left on device")));
    CaptureWriter other = CaptureWriter::create("/dev/full");
    EXPECT_THAT(
        [&] {
            other.write(0, sample_frame(262'144));
            other.write(0, sample_frame(262'144));
        },
        ThrowsMessage<CaptureError>(HasSubstr("No space left on device")));
}

TEST_F(CaptureWriterTest, WritesToStandardOutput) {
    const std::string path = directory.write("out", {});
    const pid_t child = fork();
    if (child == 0) {
        dup2(open(path.c_str(), O_WRONLY), STDOUT_FILENO);
        CaptureWriter writer = CaptureWriter::create("-");
        writer.write(7, sample_frame(60));
        writer.close();
        _exit(0);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    PcapBytes expected{{.order = std::endian::native, .nanoseconds = true}};
    EXPECT_EQ(content_of(path), expected.record(0, 7, sample_frame(60)).bytes());
}

} // namespace
} // namespace portscan
