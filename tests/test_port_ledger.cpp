// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/port_ledger.h"

#include <gtest/gtest.h>
#include <initializer_list>

namespace portscan {

void PrintTo(const PortTally &tally, std::ostream *out) {
    *out << tally.probed << " probed, " << tally.probed_answered << " answered, "
         << tally.probed_completed << " completed; " << tally.passed << " passed, "
         << tally.answered << " answered";
}

namespace {

TEST(PortLedger, DistinctPortsOfEachSourceAreCounted) {
    PortLedger ledger;
    for (const std::uint16_t port : std::initializer_list<std::uint16_t>{0, 22, 22, 65'535})
        ledger.probe(7, port, true);
    ledger.probe(7, 80, false);
    ledger.probe(8, 22, true);
    EXPECT_EQ(ledger.tally(7), (PortTally{.probed = 4, .passed = 3}));
    EXPECT_EQ(ledger.tally(8), (PortTally{.probed = 1, .passed = 1}));
    EXPECT_EQ(ledger.tally(9), PortTally{});
}

TEST(PortLedger, PortThatGotThroughOnceGotThrough) {
    PortLedger ledger;
    ledger.probe(0, 22, false);
    ledger.probe(0, 22, true);
    ledger.probe(0, 22, false);
    EXPECT_EQ(ledger.tally(0), (PortTally{.probed = 1, .passed = 1}));
}

TEST(PortLedger, AnswersCountBeforeAndAfterTheProbe) {
    PortLedger ledger;
    ledger.answer(0, 22);
    EXPECT_EQ(ledger.tally(0), PortTally{}) << "nobody asked";
    ledger.probe(0, 22, true);
    ledger.probe(0, 80, true);
    ledger.answer(0, 80);
    ledger.answer(0, 80);
    ledger.probe(0, 443, false);
    ledger.answer(0, 443);
    EXPECT_EQ(ledger.tally(0),
              (PortTally{.probed = 3, .probed_answered = 3, .passed = 2, .answered = 2}));
}

TEST(PortLedger, HandshakeIsProbeAnswerAcknowledgement) {
    PortLedger ledger;
    ledger.probe(0, 22, true);
    ledger.acknowledge(0, 22);
    EXPECT_EQ(ledger.tally(0).probed_completed, 0) << "nothing was answered";
    ledger.answer(0, 22);
    EXPECT_EQ(ledger.tally(0).probed_completed, 0);
    ledger.acknowledge(0, 22);
    ledger.acknowledge(0, 22);
    ledger.acknowledge(0, 23);
    EXPECT_EQ(ledger.tally(0).probed_completed, 1);
}

TEST(PortLedger, OfDroppedPortsTheFirst64Count) {
    PortLedger ledger;
    for (unsigned port = 1; port <= 1'000; ++port)
        ledger.probe(0, static_cast<std::uint16_t>(port), false);
    EXPECT_EQ(ledger.tally(0).probed, 64);
    for (unsigned port = 1; port <= 1'000; ++port)
        ledger.probe(0, static_cast<std::uint16_t>(port), true);
    EXPECT_EQ(ledger.tally(0), (PortTally{.probed = 1'000, .passed = 1'000}));
}

TEST(PortLedger, KeepsEachOfManyPorts) {
    PortLedger ledger;
    for (std::uint32_t source = 0; source < 50; ++source)
        for (unsigned port = 0; port < 2'000; ++port)
            ledger.probe(source, static_cast<std::uint16_t>(port), true);
    for (std::uint32_t source = 0; source < 50; ++source)
        EXPECT_EQ(ledger.tally(source).passed, 2'000);
    ledger.clear();
    EXPECT_EQ(ledger.tally(49), PortTally{});
}

TEST(PortTally, HonestIsWhoCompletesHandshakesWithHalfOfItsPorts) {
    const auto honest = [](std::uint32_t probed, std::uint32_t completed) {
        return likely_honest({.probed = probed, .probed_completed = completed});
    };
    EXPECT_TRUE(honest(1, 1));
    EXPECT_TRUE(honest(4, 2));
    EXPECT_FALSE(honest(5, 2));
    EXPECT_FALSE(honest(1, 0));
    EXPECT_FALSE(honest(0, 0));
    EXPECT_EQ(honesty_reason({.probed = 4, .probed_answered = 3, .probed_completed = 1}),
              "3 of 4 ports answered, 1 handshake completed");
    EXPECT_EQ(honesty_reason({.probed = 1}), "0 of 1 port answered, 0 handshakes completed");
}

} // namespace
} // namespace portscan
