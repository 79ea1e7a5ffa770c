// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/worker_threads.h"

#include <array>
#include <atomic>
#include <gtest/gtest.h>
#include <stdexcept>

namespace portscan {
namespace {

TEST(WorkerThreads, EachItemIsDoneOnce) {
    std::array<std::atomic<int>, 1'000> done{};
    std::atomic<bool> known = true;
    WorkerThreads{}.share_out(4, done.size(), [&](std::size_t thread, std::size_t item) {
        ++done.at(item);
        if (thread >= 4) known = false;
    });
    for (const auto &times : done) EXPECT_EQ(times, 1);
    EXPECT_TRUE(known);
}

TEST(WorkerThreads, ThereMayBeFewerItemsThanThreads) {
    std::atomic<int> done = 0;
    WorkerThreads{}.share_out(8, 1, [&](std::size_t, std::size_t) { ++done; });
    EXPECT_EQ(done, 1);
    WorkerThreads{}.share_out(8, 0, [](std::size_t, std::size_t) { FAIL(); });
}

TEST(WorkerThreads, WhatOneThrowsEndsTheOthersAndIsThrown) {
    std::atomic<int> begun = 0;
    WorkerThreads threads;
    EXPECT_THROW(threads.share_out(2, 1'000'000,
                                   [&](std::size_t, std::size_t item) {
                                       ++begun;
                                       if (item == 3) throw std::runtime_error{"3"};
                                   }),
                 std::runtime_error);
    EXPECT_TRUE(threads.stopping());
    EXPECT_LT(begun, 1'000'000);
}

TEST(WorkerThreads, WhoStartedThemMayWantNoMore) {
    std::atomic<int> begun = 0;
    WorkerThreads{[&] { return begun == 5; }}.share_out(1, 10,
                                                        [&](std::size_t, std::size_t) { ++begun; });
    EXPECT_EQ(begun, 5);
}

} // namespace
} // namespace portscan
