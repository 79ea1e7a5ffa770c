// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/packet.h"
#include "sim/replay.h"

#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {

inline constexpr std::uint64_t second = 1'000'000'000;

/// A time of our day, as captures have it.
inline constexpr std::uint64_t epoch = 1'700'000'000 * second;

/// Feeds packets as the records of a capture.
class Feeder {
  public:
    explicit Feeder(const DetectorOptions &options, ReplayOptions replay_options = {}) :
        simulator(options, {.object_path = {}, .clock = replay_options.clock}),
        replay(simulator, replay_options) {}

    FrameOutcome feed(const Bytes &bytes, std::uint64_t time_ns, std::uint64_t wire_length = 0) {
        CapturedFrame frame;
        frame.number = ++number_;
        frame.time_ns = time_ns;
        frame.wire_length = wire_length == 0 ? bytes.size() : wire_length;
        frame.bytes = bytes;
        frame.selected = selected;
        return replay.feed(frame);
    }
    /// A SYN from the scanner; the verdict.
    Verdict probe(std::uint16_t port, std::uint64_t time_ns, const char *source = "10.0.0.1") {
        return feed(tcp(source, "10.0.0.9", port, "S").bytes(), time_ns).result.value().verdict;
    }
    SourceReport only_source() {
        auto sources = replay.report().sources;
        EXPECT_THAT(sources, ::testing::SizeIs(1));
        return sources.at(0);
    }

    Simulator simulator;
    Replay replay;
    bool selected = true;

  private:
    std::uint64_t number_ = 0;
};

} // namespace portscan
