// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/packet.h"
#include "sim/simulator.h"

#include <cstdint>
#include <gtest/gtest.h>

namespace {

using portscan::Simulator;
using portscan::tcp;
using portscan::Verdict;

TEST(InstalledLibrary, BlocksSourceAtFourthPort) {
    Simulator simulator{{.max_ports = 3}};
    for (std::uint16_t port : {22, 23, 25})
        EXPECT_EQ(simulator.run(tcp("10.0.0.1", "10.0.0.9", port, "S")), Verdict::pass);
    EXPECT_EQ(simulator.run(tcp("10.0.0.1", "10.0.0.9", 80, "S")), Verdict::drop);
    EXPECT_TRUE(simulator.source("10.0.0.1")->blocked);
}

} // namespace
