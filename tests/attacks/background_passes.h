// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "tests/stage.h"

#include <atomic>
#include <chrono>
#include <exception>
#include <thread>

namespace portscan::attacks {

/// Expiry passes in a thread of its own, one after the other with a pause in between, while packets
/// arrive on all CPUs.
class BackgroundPasses {
  public:
    BackgroundPasses(test::Stage &stage, std::chrono::microseconds pause) :
        thread_{[this, &stage, pause] { run(stage, pause); }} {}
    BackgroundPasses(const BackgroundPasses &) = delete;
    BackgroundPasses &operator=(const BackgroundPasses &) = delete;
    ~BackgroundPasses() { end(); }

    /// What all passes together freed, and the most that one of them left; rethrows what one of
    /// them threw.
    const ExpiryReport &stop() {
        end();
        if (failure_) std::rethrow_exception(failure_);
        return total_;
    }
    std::uint64_t passes() const { return passes_; }

  private:
    void run(test::Stage &stage, std::chrono::microseconds pause) {
        try {
            while (!ends_) {
                add(stage.expirer.pass(stage.clock.time_ns()));
                std::this_thread::sleep_for(pause);
            }
        } catch (...) {
            failure_ = std::current_exception();
        }
    }
    void add(const ExpiryReport &report) {
        ++passes_;
        total_.sources_freed += report.sources_freed;
        total_.blocks_freed += report.blocks_freed;
        total_.sources_left = std::max(total_.sources_left, report.sources_left);
        total_.blocks_left = std::max(total_.blocks_left, report.blocks_left);
    }
    void end() {
        ends_ = true;
        if (thread_.joinable()) thread_.join();
    }

    ExpiryReport total_;
    std::uint64_t passes_ = 0;
    std::exception_ptr failure_;
    std::atomic<bool> ends_ = false;
    std::thread thread_; // last: it uses the others
};

} // namespace portscan::attacks
