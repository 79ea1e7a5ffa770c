// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/ordered_jobs.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <gtest/gtest.h>
#include <stdexcept>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using Jobs = OrderedJobs<std::size_t>;

std::vector<std::size_t> all_results(Jobs &jobs) {
    std::vector<std::size_t> results;
    while (!jobs.done())
        if (const auto result = jobs.next(1s)) results.push_back(*result);
    return results;
}

TEST(OrderedJobs, ResultsComeInTheOrderOfTheItems) {
    std::array<std::atomic<unsigned>, 4> by_worker{};
    Jobs jobs{4, 200, [&](unsigned worker, std::size_t item) {
                  ++by_worker.at(worker);
                  if (item % 7 == 0) std::this_thread::sleep_for(1ms);
                  return item * 2;
              }};
    const auto results = all_results(jobs);
    ASSERT_EQ(results.size(), 200);
    for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i], 2 * i);
    unsigned all = 0;
    for (const auto &count : by_worker) all += count;
    EXPECT_EQ(all, 200);
}

TEST(OrderedJobs, WorkersDoNotRunFarAhead) {
    std::atomic<std::size_t> most{0}, given{0};
    std::mutex mutex;
    Jobs jobs{3, 100,
              [&](unsigned, std::size_t item) {
                  const std::lock_guard lock{mutex};
                  most = std::max<std::size_t>(most, item - given);
                  return item;
              },
              5};
    while (!jobs.done()) {
        std::this_thread::sleep_for(1ms);
        if (jobs.next(1s)) ++given;
    }
    EXPECT_LE(most, 5 + 1) << "the count here lags by one";
}

TEST(OrderedJobs, AfterAStopThoseBegunStillCome) {
    std::atomic<std::size_t> begun{0};
    Jobs jobs{2, 1'000, [&](unsigned, std::size_t item) {
                  ++begun;
                  std::this_thread::sleep_for(2ms);
                  return item;
              }};
    EXPECT_EQ(jobs.next(10s), 0);
    jobs.stop();
    EXPECT_EQ(all_results(jobs).size(), begun - 1);
    EXPECT_LT(begun, 1'000);
}

TEST(OrderedJobs, WhatIsThrownComesOutAtItsPlace) {
    Jobs jobs{2, 3, [](unsigned, std::size_t item) {
                  if (item == 1) throw std::runtime_error{"one"};
                  return item;
              }};
    EXPECT_EQ(jobs.next(10s), 0);
    EXPECT_THROW(jobs.next(10s), std::runtime_error);
    EXPECT_EQ(jobs.next(10s), 2);
    EXPECT_TRUE(jobs.done());
}

TEST(OrderedJobs, WaitingEnds) {
    Jobs jobs{1, 1, [](unsigned, std::size_t item) {
                  std::this_thread::sleep_for(100ms);
                  return item;
              }};
    EXPECT_EQ(jobs.next(1ms), std::nullopt);
    EXPECT_FALSE(jobs.done());
}

} // namespace
} // namespace portscan
