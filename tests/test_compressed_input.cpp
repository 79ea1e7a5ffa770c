// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/compressed_input.h"
#include "tests/capture_bytes.h"
#include "tests/compress.h"
#include "tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace portscan {
namespace {

using test::gzip;
using test::sample_frame;
using test::zstd;
using test::operator+;
using testing::HasSubstr;

class CompressedInputTest : public testing::Test {
  protected:
    /// All of the input, in reads of `step` bytes.
    Bytes read(ByteView file, std::size_t step = 4'096) {
        CompressedInput input = CompressedInput::open(directory.write("x", file));
        Bytes all;
        Bytes piece(step);
        while (const std::size_t count = input.read(piece))
            all.insert(all.end(), piece.begin(),
                       piece.begin() + static_cast<std::ptrdiff_t>(count));
        failure = input.failure();
        EXPECT_EQ(input.file_size(), file.size());
        EXPECT_EQ(input.read(piece), 0) << "the end stays the end";
        return all;
    }

    test::TemporaryDirectory directory;
    std::string failure;
};

const Bytes content = sample_frame(1'000'000, 3);
const Bytes more = sample_frame(70'000, 5);

TEST_F(CompressedInputTest, PlainGzipAndZstdAreToldApartByContent) {
    for (const Bytes &file : {content, gzip(content), zstd(content)}) {
        EXPECT_EQ(read(file), content);
        EXPECT_EQ(read(file, 1'000'003), content);
        EXPECT_EQ(failure, "");
    }
    EXPECT_EQ(read(gzip(more), 1), more);
    EXPECT_EQ(read(zstd(more), 1), more);
}

TEST_F(CompressedInputTest, FewAndNoBytesArePlain) {
    for (const std::size_t size : {0, 1, 2, 3})
        EXPECT_EQ(read(sample_frame(size)), sample_frame(size));
    EXPECT_EQ(failure, "");
}

TEST_F(CompressedInputTest, MembersAndFramesAreConcatenated) {
    EXPECT_EQ(read(gzip(content) + gzip({}) + gzip(more)), content + more);
    EXPECT_EQ(failure, "");
    EXPECT_EQ(read(zstd(content) + zstd({}) + zstd(more)), content + more);
    EXPECT_EQ(failure, "");
}

TEST_F(CompressedInputTest, SkippableZstdFramesAreSkipped) {
    const Bytes skippable{0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'};
    EXPECT_EQ(read(skippable + zstd(content) + skippable + zstd(more)), content + more);
    EXPECT_EQ(failure, "");
}

TEST_F(CompressedInputTest, ZerosAfterGzipArePadding) {
    EXPECT_EQ(read(gzip(content) + Bytes(300'000) + gzip(more) + Bytes(512)), content + more);
    EXPECT_EQ(failure, "");
}

TEST_F(CompressedInputTest, GarbageAfterTheDataIsAFailure) {
    EXPECT_EQ(read(gzip(content) + Bytes{'x'}), content);
    EXPECT_THAT(failure, HasSubstr("garbage"));
    EXPECT_EQ(read(zstd(content) + Bytes{'x', 'y', 'z', 'a', 'b'}), content);
    EXPECT_THAT(failure, HasSubstr("zstd data is damaged"));
}

TEST_F(CompressedInputTest, CutDataIsDeliveredUpToTheCut) {
    for (const Bytes &whole : {gzip(content), zstd(content)}) {
        for (const std::size_t cut : {std::size_t{1}, std::size_t{8}, whole.size() / 2}) {
            const Bytes got = read(ByteView{whole}.first(whole.size() - cut));
            EXPECT_TRUE(std::equal(got.begin(), got.end(), content.begin()));
            EXPECT_LE(got.size(), content.size());
            EXPECT_THAT(failure, HasSubstr("cut off"));
        }
        EXPECT_EQ(read(ByteView{whole}.first(6)), Bytes{});
        EXPECT_THAT(failure, HasSubstr("cut off"));
    }
}

TEST_F(CompressedInputTest, DamagedDataIsAFailure) {
    Bytes damaged = gzip(content);
    damaged[damaged.size() - 6] ^= 1; // the checksum
    EXPECT_EQ(read(damaged), content);
    EXPECT_THAT(failure, HasSubstr("gzip data is damaged: incorrect data check"));
    damaged = zstd(content);
    damaged[4] ^= 0x08; // a reserved bit of the frame header
    EXPECT_EQ(read(damaged), Bytes{});
    EXPECT_THAT(failure, HasSubstr("zstd data is damaged"));
}

TEST_F(CompressedInputTest, ZstdWindowWithoutBoundIsRefusedWithTheWayOut) {
    const Bytes window_of_2_gib{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8}; // RFC 8878, section 3.1.1.1.2
    EXPECT_EQ(read(window_of_2_gib + Bytes(20)), Bytes{});
    EXPECT_THAT(failure, HasSubstr("--long=31"));
}

TEST_F(CompressedInputTest, OtherCompressionsAreNamedWithTheWayOut) {
    const std::vector<std::pair<std::string, Bytes>> foreign{{"xz", {0xfd, '7', 'z', 'X', 'Z', 0}},
                                                             {"bzip2", {'B', 'Z', 'h', '9', 1, 2}},
                                                             {"lz4", {4, 0x22, 0x4d, 0x18, 1, 2}}};
    for (const auto &[program, bytes] : foreign) {
        const std::string path = directory.write("x", bytes);
        EXPECT_THAT([&path = path] { CompressedInput::open(path); },
                    testing::ThrowsMessage<std::runtime_error>(HasSubstr(program + " -dc FILE |")));
    }
}

/// Runs `body` in a child whose standard input is a pipe that gets `pieces` one by one, and returns
/// the child's exit status.
template <typename Body>
int with_piped_input(const std::vector<Bytes> &pieces, Body body) {
    int ends[2];
    if (pipe(ends) != 0) return -1;
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        close(ends[1]);
        _exit(body());
    }
    close(ends[0]);
    for (const Bytes &piece : pieces) {
        if (write(ends[1], piece.data(), piece.size()) != static_cast<ssize_t>(piece.size())) break;
        usleep(1'000);
    }
    close(ends[1]);
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(CompressedStandardInput, IsReadFromAPipeThatDeliversBitByBit) {
    const Bytes text = sample_frame(2'000);
    for (const Bytes &whole : {text, gzip(text), zstd(text)}) {
        std::vector<Bytes> pieces;
        for (std::size_t i = 0; i < 7; ++i) pieces.push_back({whole[i]});
        pieces.emplace_back(whole.begin() + 7, whole.end());
        EXPECT_EQ(0, with_piped_input(pieces, [&text] {
                      CompressedInput input = CompressedInput::open("-");
                      Bytes got(text.size() + 1);
                      std::size_t size = 0;
                      while (const std::size_t count = input.read(std::span{got}.subspan(size)))
                          size += count;
                      got.resize(size);
                      return got == text && input.failure().empty() && input.file_size() == 0 ? 0
                                                                                              : 1;
                  }));
    }
}

} // namespace
} // namespace portscan
