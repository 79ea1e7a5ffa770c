// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/state_log.h"

#include "sim/packet.h"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StateLog : public ::testing::Test {
  protected:
    explicit StateLog(std::uint16_t port = 80) :
        bytes{tcp("10.0.0.1", "10.0.0.9", port, "S").bytes()},
        frame{.number = 4, .wire_length = bytes.size(), .bytes = bytes} {}

    std::vector<std::string> changes(Reason reason, const DetectorOptions &options = {}) {
        outcome.number = 4;
        outcome.time_ns = 1'281'737'521'123'456'789;
        if (!outcome.result) outcome.result = RunResult{};
        outcome.result->reason = reason;
        return state_changes("a.pcap", frame, outcome, options);
    }
    static std::string line(const std::string &text) {
        return "a.pcap: frame 4, 2010-08-13 22:12:01.123456Z: " + text;
    }

    Bytes bytes;
    CapturedFrame frame;
    FrameOutcome outcome{};
};

TEST_F(StateLog, MostFramesChangeNothing) {
    for (const Reason reason : {Reason::not_ip, Reason::known, Reason::recorded, Reason::blocked,
                                Reason::malformed, Reason::allowlisted, Reason::ignored})
        EXPECT_THAT(changes(reason), IsEmpty());
    outcome.result.reset();
    EXPECT_THAT(state_changes("a.pcap", frame, outcome, {}), IsEmpty()) << "was not run";
}

TEST_F(StateLog, BlockNamesPortsAndItsEnd) {
    const BlockEvent event{.ports = {443, 143, 3306}, .trigger_port = 80};
    outcome.block = &event;
    EXPECT_THAT(changes(Reason::threshold),
                ElementsAre(line("10.0.0.1 is blocked at port 80, after 443,143,3306")));
    outcome.blocked_until = 1'281'737'522'000'000'000;
    outcome.host = Address::parse("10.0.0.9");
    EXPECT_THAT(changes(Reason::threshold, {.dry_run = true}),
                ElementsAre(line("10.0.0.1 would be blocked at port 80, after 443,143,3306, until "
                                 "2010-08-13 22:12:02.000000Z (at 10.0.0.9)")));
}

TEST_F(StateLog, RefusalsNameThePort) {
    EXPECT_THAT(changes(Reason::block_refused),
                ElementsAre(line("10.0.0.1 is not blocked at port 80: --max-blocked is reached")));
    EXPECT_THAT(changes(Reason::insert_failed),
                ElementsAre(line("10.0.0.1 could not be recorded with port 80")));
}

TEST_F(StateLog, ChangesStandInTheirOrder) {
    outcome.pass = ExpiryReport{};
    outcome.pass->sources_freed = 5;
    outcome.pass->blocks_freed = 1;
    outcome.block_over = true;
    outcome.result = RunResult{.evicted = true};
    EXPECT_THAT(changes(Reason::recorded),
                ElementsAre(line("an expiry pass freed 5 sources, 1 block"),
                            line("the record used longest ago was evicted for 10.0.0.1"),
                            line("10.0.0.1 starts afresh: its block is over")));
    outcome = {};
    outcome.pass = ExpiryReport{};
    EXPECT_THAT(changes(Reason::known), IsEmpty()) << "a pass that freed nothing";
    outcome.pass->blocks_lifted = 2;
    EXPECT_THAT(changes(Reason::known),
                ElementsAre(line("an expiry pass lifted 2 blocks by the allowlist")));
}

} // namespace
} // namespace portscan
