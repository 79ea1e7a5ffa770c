// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/rounds.h"

#include "sim/paced_rounds.h"

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

/// Cost and pace have other orders, so that neither can be taken for the other.
TEST(PacedRounds, QuartersAreByPaceAndRoundedUp) {
    const PacedQuarters quarters = quarters_of({{.ns = 11, .additions_per_cycle = 3.9},
                                                {.ns = 9, .additions_per_cycle = 2.5},
                                                {.ns = 24, .additions_per_cycle = 2.1},
                                                {.ns = 30, .additions_per_cycle = 3.0},
                                                {.ns = 13, .additions_per_cycle = 3.5}});
    EXPECT_EQ(quarters.most_of_core.rounds, 2U);
    EXPECT_DOUBLE_EQ(quarters.most_of_core.median.ns, 12);
    EXPECT_DOUBLE_EQ(quarters.most_of_core.median.additions_per_cycle, 3.7);
    EXPECT_EQ(quarters.least_of_core.rounds, 2U);
    EXPECT_DOUBLE_EQ(quarters.least_of_core.median.ns, 16.5);
    EXPECT_DOUBLE_EQ(quarters.least_of_core.median.additions_per_cycle, 2.3);

    EXPECT_EQ(quarters_of({}).most_of_core.rounds, 0U);
    EXPECT_EQ(quarters_of({{.ns = 7, .additions_per_cycle = 1}}).least_of_core.median.ns, 7);
}

} // namespace
} // namespace portscan
