// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/small_simulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace test;
using testing::ElementsAre;

class IgnoredPorts : public BothFamilies {};
INSTANTIATE_TEST_SUITE_P(For, IgnoredPorts, testing::ValuesIn(families),
                         testing::PrintToStringParamName());

struct Lists {
    const char *description;
    std::vector<PortRange> list;
    std::vector<std::uint16_t> inside;
    std::vector<std::uint16_t> outside;
};

const std::vector<Lists> lists{
    {"none", {}, {}, {0, 1, 63, 64, 65535}},
    {"one port", {{80, 80}}, {80}, {79, 81, 16, 336, 80 + 64}},
    {"a range", {{8000, 8100}}, {8000, 8001, 8063, 8064, 8099, 8100}, {7999, 8101, 0, 65535}},
    {"port 0", {{0, 0}}, {0}, {1, 64, 65535}},
    {"the last port", {{65535, 65535}}, {65535}, {65534, 0, 63}},
    {"a word's edge", {{63, 64}}, {63, 64}, {62, 65, 127, 128}},
    {"several", {{80, 80}, {443, 443}, {8000, 8100}}, {80, 443, 8050}, {81, 442, 444, 8101}},
    {"overlapping", {{10, 20}, {15, 30}}, {10, 15, 20, 30}, {9, 31}},
    {"all", {{0, 65535}}, {0, 1, 63, 64, 32768, 65535}, {}},
};

TEST_P(IgnoredPorts, AreThoseOfTheList) {
    for (const auto &[description, list, inside, outside] : lists) {
        SCOPED_TRACE(description);
        Simulator simulator{small({.ignore_ports = list})};
        for (const auto port : inside) {
            EXPECT_EQ(step(simulator, syn(family, port)), ignored) << port;
            EXPECT_FALSE(simulator.source(family.scanner));
        }
        for (const auto port : outside) {
            simulator.unblock(family.scanner);
            EXPECT_EQ(step(simulator, syn(family, port)), recorded) << port;
        }
    }
}

TEST_P(IgnoredPorts, LeaveTheRecordAlone) {
    Simulator simulator{small({.ignore_ports = {{80, 80}}})};
    simulator.set_time(1000);
    for (const std::uint16_t port : {1, 80, 2, 80, 3, 80}) simulator.run(syn(family, port));
    EXPECT_THAT(simulator.source(family.scanner)->ports, ElementsAre(1, 2, 3));
    simulator.set_time(30'000'000'000);
    EXPECT_EQ(step(simulator, syn(family, 80)), ignored) << "the record is full";
    EXPECT_EQ(simulator.source(family.scanner)->timestamp_ns, 1000U) << "no refresh";
    EXPECT_EQ(step(simulator, syn(family, 4)), threshold);
}

TEST_P(IgnoredPorts, LeaveAnOldRecordAlone) {
    Simulator simulator{small({.ignore_ports = {{80, 80}}})};
    simulator.run(syn(family, 1));
    simulator.advance(std::chrono::seconds{60});
    EXPECT_EQ(step(simulator, syn(family, 80)), ignored);
    EXPECT_THAT(simulator.source(family.scanner)->ports, ElementsAre(1));
    EXPECT_EQ(simulator.source(family.scanner)->timestamp_ns, 0U);
}

TEST_P(IgnoredPorts, WorkWithSixteenPorts) {
    Simulator simulator{small({.max_ports = 16, .ignore_ports = {{80, 80}}})};
    for (std::uint16_t port = 1; port <= 16; ++port) {
        EXPECT_EQ(step(simulator, syn(family, port)), recorded);
        EXPECT_EQ(step(simulator, syn(family, 80)), ignored);
    }
    EXPECT_EQ(step(simulator, syn(family, 17)), threshold);
}

TEST_P(IgnoredPorts, DoNotHelpABlockedSource) {
    Simulator simulator{small({.ignore_ports = {{80, 80}}})};
    get_blocked(simulator, family.scanner, family.host);
    EXPECT_EQ(step(simulator, syn(family, 80)), blocked);
}

TEST_P(IgnoredPorts, AreIgnoredInFragmentsToo) {
    Simulator simulator{small({.ignore_ports = {{80, 80}}})};
    EXPECT_EQ(step(simulator, syn(family, 80).payload_size(32).fragment(0, 8)), ignored);
    EXPECT_EQ(step(simulator, syn(family, 80).payload_size(32).fragment(0, 24)), ignored);
}

TEST_P(IgnoredPorts, AreDestinationPorts) {
    Simulator simulator{small({.ignore_ports = {{80, 80}}})};
    EXPECT_EQ(step(simulator, syn(family, 81).source_port(80)), recorded);
}

} // namespace
} // namespace portscan
