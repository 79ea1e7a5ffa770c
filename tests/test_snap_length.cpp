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

TEST(SnapLengthRemover, LeavesAnythingElseAlone) {
    expect_removed(sample_frame(100, 9), sample_frame(100, 9));
    const PcapngBytes pcapng = PcapngBytes{}.interface(test::link_ethernet, 96);
    expect_removed(pcapng.bytes(), pcapng.bytes());
    expect_removed({}, {});
}

} // namespace
} // namespace portscan
