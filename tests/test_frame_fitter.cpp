// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/frame_fitter.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace portscan {
namespace {

constexpr std::size_t max_size = 2000;

/// `captured` bytes of 0xff of a frame that was `wire_length` long.
struct Captured {
    Captured(std::size_t captured, std::uint64_t wire_length) : bytes(captured, 0xff) {
        frame.wire_length = wire_length;
        frame.bytes = bytes;
    }
    Bytes bytes;
    CapturedFrame frame;
};

std::variant<ByteView, Skip> fit(const CapturedFrame &frame, std::size_t decisive_length = 0) {
    return FrameFitter{max_size}.fit(frame, decisive_length);
}

TEST(FrameFitter, WholeFrameIsTakenAsItIs) {
    const Captured whole{60, 60};
    const auto fitted = fit(whole.frame, 54);
    EXPECT_EQ(std::get<ByteView>(fitted).data(), whole.bytes.data());
    EXPECT_EQ(std::get<ByteView>(fitted).size(), 60u);
}

std::optional<Skip> skip(const CapturedFrame &frame, std::size_t decisive_length = 0) {
    const auto fitted = fit(frame, decisive_length);
    const Skip *const reason = std::get_if<Skip>(&fitted);
    return reason ? std::optional{*reason} : std::nullopt;
}

TEST(FrameFitter, SizesAreThoseThatTheKernelTakes) {
    EXPECT_EQ(skip(Captured{0, 0}.frame), Skip::too_short);
    EXPECT_EQ(skip(Captured{13, 13}.frame), Skip::too_short);
    EXPECT_EQ(skip(Captured{14, 14}.frame), std::nullopt);
    EXPECT_EQ(skip(Captured{max_size, max_size}.frame), std::nullopt);
    EXPECT_EQ(skip(Captured{max_size + 1, max_size + 1}.frame), Skip::too_long);
}

TEST(FrameFitter, LengthOnTheWireCountsNotThatCaptured) {
    EXPECT_EQ(skip(Captured{54, max_size + 1}.frame, 54), Skip::too_long);
    EXPECT_EQ(skip(Captured{10, 60}.frame, 14), Skip::undecidable);
}

TEST(FrameFitter, OutgoingFramesAreLeftOut) {
    Captured sent{60, 60};
    sent.frame.outgoing = true;
    EXPECT_EQ(skip(sent.frame), Skip::outgoing);
}

TEST(FrameFitter, FrameCutBeforeTheLastDecidingByteIsUndecidable) {
    EXPECT_EQ(skip(Captured{53, 1000}.frame, 54), Skip::undecidable);
    EXPECT_EQ(skip(Captured{54, 1000}.frame, 54), std::nullopt);
    EXPECT_EQ(skip(Captured{53, 53}.frame, 54), std::nullopt); // a short frame, not a cut one
}

TEST(FrameFitter, CutPayloadIsPaddedWithZeroes) {
    FrameFitter fitter{max_size};
    ASSERT_TRUE(std::holds_alternative<ByteView>(fitter.fit(Captured{100, 200}.frame, 54)));
    const Captured cut{54, 150};
    const auto fitted = std::get<ByteView>(fitter.fit(cut.frame, 54));
    ASSERT_EQ(fitted.size(), 150u);
    EXPECT_TRUE(std::equal(cut.bytes.begin(), cut.bytes.end(), fitted.begin()));
    EXPECT_EQ(std::count(fitted.begin() + 54, fitted.end(), 0), 96);
}

} // namespace
} // namespace portscan
