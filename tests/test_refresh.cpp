// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/small_simulator.h"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using namespace test;
using std::chrono::nanoseconds;
using testing::ElementsAre;

/// When the timestamp of a record is written.
class Refresh : public BothFamilies {
  protected:
    static constexpr std::uint64_t start = 1'000'000'000'000;

    std::uint64_t timestamp_after(Simulator &simulator, std::uint16_t port, nanoseconds age) {
        simulator.set_time(
            static_cast<std::uint64_t>(static_cast<std::int64_t>(start) + age.count()));
        simulator.run(syn(family, port));
        return simulator.source(family.scanner)->timestamp_ns;
    }
};
INSTANTIATE_TEST_SUITE_P(For, Refresh, testing::ValuesIn(families),
                         testing::PrintToStringParamName());

struct Granularity {
    const char *description;
    nanoseconds window;
    nanoseconds refresh;
};

constexpr std::array granularities{
    Granularity{"the 64th part of a short window", 6'400ms, 100ms},
    Granularity{"rounded down to nanoseconds", 1'000ns, 15ns},
    Granularity{"the default window", 60s, 937'500us},
    Granularity{"the last window that is divided", 64s, 1s},
    Granularity{"one second from there on", 65s, 1s},
    Granularity{"one second of a day", 24h, 1s},
};

TEST_P(Refresh, WritesAtItsGranularity) {
    for (const auto &[description, window, refresh] : granularities) {
        SCOPED_TRACE(description);
        for (const unsigned max_ports : {3U, 16U}) {
            Simulator simulator{small({.max_ports = max_ports, .window = window})};
            for (const std::uint16_t port : {std::uint16_t{1}, std::uint16_t(max_ports)}) {
                SCOPED_TRACE(port);
                simulator.unblock(family.scanner);
                simulator.set_time(start);
                for (unsigned other = 1; other <= max_ports; ++other)
                    simulator.run(syn(family, other));
                EXPECT_EQ(timestamp_after(simulator, port, refresh - 1ns), start);
                EXPECT_EQ(timestamp_after(simulator, port, refresh),
                          start + static_cast<std::uint64_t>(refresh.count()));
            }
        }
    }
}

TEST_P(Refresh, AgesAreTakenFromTheStoredTime) {
    Simulator simulator{small({.window = 64s})};
    simulator.set_time(start);
    simulator.run(syn(family, 1));
    simulator.advance(1s - 1ns);
    EXPECT_EQ(step(simulator, syn(family, 1)), known) << "not written";
    simulator.set_time(start + 64'000'000'000);
    EXPECT_EQ(step(simulator, syn(family, 1)), recorded) << "64 s after the stored time";
}

TEST_P(Refresh, RecordingWritesAtOnce) {
    Simulator simulator{small({.max_ports = 16})};
    simulator.set_time(start);
    simulator.run(syn(family, 1));
    for (std::uint16_t port = 2; port <= 16; ++port)
        EXPECT_EQ(timestamp_after(simulator, port, nanoseconds{port}), start + port);
}

TEST_P(Refresh, RecordingNeverWritesAnEarlierTime) {
    Simulator simulator{small({.max_ports = 16})};
    simulator.set_time(start);
    simulator.run(syn(family, 1));
    for (std::uint16_t port = 2; port <= 16; ++port)
        EXPECT_EQ(timestamp_after(simulator, port, -nanoseconds{port}), start);
    EXPECT_EQ(simulator.source(family.scanner)->ports.size(), 16U);
}

TEST_P(Refresh, ClockThatRunsBackwardsLeavesTheStoredTime) {
    for (const nanoseconds window : {nanoseconds{60s}, 64ns, 63ns, 1ns}) {
        SCOPED_TRACE(window.count());
        Simulator simulator{small({.window = window, .block_for = 1s})};
        simulator.set_time(start);
        simulator.run(syn(family, 1));
        for (const nanoseconds age : {-1ns, -nanoseconds{200s}, -nanoseconds{900s}}) {
            EXPECT_EQ(timestamp_after(simulator, 1, age), start);
            EXPECT_EQ(step(simulator, syn(family, 1)), known) << "an age below 0 is 0";
        }
    }
}

TEST_P(Refresh, BlockIsInForceWhileTheClockIsBehindIt) {
    Simulator simulator{small({.block_for = 1s})};
    simulator.set_time(start);
    get_blocked(simulator, family.scanner, family.host);
    simulator.set_time(0);
    EXPECT_EQ(step(simulator, syn(family, 1)), blocked);
    EXPECT_EQ(step(simulator, tcp(family.scanner, family.host, 1, "A")), blocked);
    EXPECT_EQ(simulator.expire().blocks_left, 1U);
}

TEST_P(Refresh, LongestWindowNeverEnds) {
    Simulator simulator{small({.window = nanoseconds::max()})};
    simulator.set_time(1);
    simulator.run(syn(family, 1));
    simulator.set_time(std::uint64_t{1} << 62);
    EXPECT_EQ(simulator.expire().sources_left, 1U);
    simulator.run(syn(family, 2));
    EXPECT_THAT(simulator.source(family.scanner)->ports, ElementsAre(1, 2));
}

} // namespace
} // namespace portscan
