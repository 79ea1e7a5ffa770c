// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/rounds.h"

#include <gtest/gtest.h>
#include <initializer_list>

namespace portscan {
namespace {

Rounds rounds(std::initializer_list<double> values) {
    Rounds rounds;
    for (const double value : values) rounds.add(value);
    return rounds;
}

TEST(Rounds, MedianIsTheMiddleOrTheMeanOfTheTwoInTheMiddle) {
    EXPECT_EQ(rounds({}).median(), 0);
    EXPECT_EQ(rounds({3}).median(), 3);
    EXPECT_EQ(rounds({9, 1, 4}).median(), 4);
    EXPECT_EQ(rounds({8, 2, 100, 4}).median(), 6);
}

TEST(Rounds, SpreadIsFromTheLeastToTheMost) {
    EXPECT_EQ(rounds({}).spread(), 0);
    EXPECT_EQ(rounds({4, -2, 10}).spread(), 12);
}

TEST(Rounds, NoiseIsTheMedianDistanceFromTheMedian) {
    EXPECT_EQ(rounds({}).noise(), 0);
    EXPECT_EQ(rounds({7}).noise(), 0);
    EXPECT_EQ(rounds({10, 11, 13, 9, 1'000}).noise(), 2); // around 11: 1, 0, 2, 2, 989
}

} // namespace
} // namespace portscan
