// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/port_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(PortList, KeepsTheOrderInWhichPortsCame) {
    PortList ports;
    EXPECT_THAT(ports, IsEmpty());
    for (const std::uint16_t port : {65535, 0, 22}) ports.push_back(port);
    EXPECT_THAT(ports, ElementsAre(65535, 0, 22));
}

TEST(PortList, HoldsSixteenAndNoMore) {
    PortList ports;
    for (std::uint16_t port = 1; port <= 16; ++port) ports.push_back(port);
    EXPECT_EQ(ports.size(), 16U);
    ports.push_back(17);
    EXPECT_THAT(ports, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16));
}

TEST(PortList, LeavesOutWhatIsMoreThanSixteen) {
    const PortList ports{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
    EXPECT_EQ(ports.size(), 16U);
    EXPECT_EQ(*ports.begin(), 1);
    EXPECT_EQ(*(ports.end() - 1), 16);
}

TEST(PortList, EqualsByPortsOrderAndNumber) {
    const PortList ports{22, 0};
    EXPECT_EQ(ports, (PortList{22, 0}));
    EXPECT_NE(ports, (PortList{22}));
    EXPECT_NE(ports, (PortList{0, 22}));
}

} // namespace
} // namespace portscan
