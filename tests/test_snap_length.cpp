// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/snap_length.h"
#include "tests/capture_bytes.h"

#include <gtest/gtest.h>

namespace portscan {
namespace {

using test::PcapBytes;
using test::PcapngBytes;
using test::sample_frame;

Bytes without_snap_length(Bytes file, std::size_t step) {
    SnapLengthRemover remover;
    for (std::span<std::uint8_t> rest = file; !rest.empty();) {
        const auto piece = rest.first(std::min(step, rest.size()));
        remover.process(piece);
        rest = rest.subspan(piece.size());
    }
    return file;
}

/// Two files that differ in nothing but snap lengths: one has 0 for each.
void expect_removed(const Bytes &with, const Bytes &without) {
    for (std::size_t step = 1; step <= with.size(); ++step)
        ASSERT_EQ(without_snap_length(with, step), without) << "in pieces of " << step;
}

TEST(SnapLengthRemover, ErasesTheOneOfAPcapFile) {
    for (const std::endian order : {std::endian::little, std::endian::big}) {
        for (const bool nanoseconds : {false, true}) {
            PcapBytes with{{.order = order, .nanoseconds = nanoseconds, .snap_length = 0x12345678}};
            PcapBytes without{{.order = order, .nanoseconds = nanoseconds, .snap_length = 0}};
            with.record(1, 2, sample_frame(60, 1));
            without.record(1, 2, sample_frame(60, 1));
            expect_removed(with.bytes(), without.bytes());
        }
    }
}

PcapngBytes pcapng(std::endian order, std::uint32_t first, std::uint32_t second) {
    PcapngBytes file{order};
    file.interface(test::link_ethernet, first, 9).packet(0, 1, sample_frame(33, 1));
    file.interface(test::link_raw, second).packet(1, 1, Bytes(40, 1));
    file.section().interface(test::link_ethernet, first);
    return file;
}

TEST(SnapLengthRemover, ErasesThatOfEachInterface) {
    for (const std::endian order : {std::endian::little, std::endian::big})
        expect_removed(pcapng(order, 96, 0xffffffff).bytes(), pcapng(order, 0, 0).bytes());
}

TEST(SnapLengthRemover, FollowsTheByteOrderOfEachSection) {
    using test::ByteWriter;
    Bytes with = pcapng(std::endian::little, 96, 65'535).bytes();
    Bytes without = pcapng(std::endian::little, 0, 0).bytes();
    const Bytes big_with = pcapng(std::endian::big, 1, 2).bytes();
    const Bytes big_without = pcapng(std::endian::big, 0, 0).bytes();
    with.insert(with.end(), big_with.begin(), big_with.end());
    without.insert(without.end(), big_without.begin(), big_without.end());
    expect_removed(with, without);
}

TEST(SnapLengthRemover, LeavesAnythingElseAlone) {
    expect_removed(sample_frame(100, 9), sample_frame(100, 9));
    expect_removed({0x0a, 0x0d, 0x0d, 0x0a, 3, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 1, 1, 1, 1, 1},
                   {0x0a, 0x0d, 0x0d, 0x0a, 3, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 1, 1, 1, 1, 1});
    expect_removed({}, {});
}

} // namespace
} // namespace portscan
