// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/measure.h"

#include <atomic>
#include <barrier>
#include <exception>
#include <thread>
#include <vector>

namespace portscan::test {

/// Where the two threads of run_on_two_cpus() wait for each other.
class Line {
  public:
    void arrive_and_wait() { barrier_.arrive_and_wait(); }
    /// The same, and both go on within some ten nanoseconds: for meetings in one instant.
    void start_together() {
        barrier_.arrive_and_wait();
        const unsigned both = (started_.fetch_add(1) + 2) / 2 * 2;
        for (unsigned spins = 0; started_.load() < both && !left_; ++spins)
            if (spins > 10'000) std::this_thread::yield(); // there may be one CPU only
    }
    /// The other one does not wait for this one any more.
    void leave() {
        left_ = true;
        barrier_.arrive_and_drop();
    }

  private:
    std::barrier<> barrier_{2};
    std::atomic<unsigned> started_ = 0;
    std::atomic<bool> left_ = false;
};

/// Runs work(0, line) and work(1, line) at the same time, each on a CPU of its own where there are
/// two. What one of them throws is thrown here, once both have ended; nobody waits for it.
template <typename Work>
void run_on_two_cpus(Work work) {
    const auto &cpus = usable_cpus();
    Line line;
    std::exception_ptr failures[2];
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 2; ++i)
        threads.emplace_back([&, i] {
            try {
                pin_to_cpu(cpus[i % cpus.size()]);
                work(i, line);
            } catch (...) {
                failures[i] = std::current_exception();
            }
            line.leave();
        });
    for (auto &thread : threads) thread.join();
    for (const auto &failure : failures)
        if (failure) std::rethrow_exception(failure);
}

} // namespace portscan::test
