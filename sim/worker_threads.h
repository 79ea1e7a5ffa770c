// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace portscan {

/// Starts a thread. Throws std::system_error, where the system has no room for one more.
template <typename Work>
std::thread start_thread(Work work) {
    try {
        return std::thread{std::move(work)};
    } catch (const std::system_error &error) {
        throw std::system_error(error.code(), "start a thread; ask for fewer with --jobs");
    }
}

/// Threads that take their work from a common list. The work asks stopping() before each item: it
/// is true once one of them threw, or where who started them wants no more.
class WorkerThreads {
  public:
    using Wish = std::function<bool()>; ///< whether to stop; empty: never. Called by every thread.

    explicit WorkerThreads(Wish wants_stop = {}) : wants_stop_(std::move(wants_stop)) {}

    bool stopping() const { return failed_ || (wants_stop_ && wants_stop_()); }

    /// Runs `work` in each of so many threads, which have the numbers from 0 on, and waits for all.
    /// What the first one threw is thrown here.
    void run(std::size_t count, const std::function<void(std::size_t thread)> &work) {
        std::vector<std::thread> threads;
        guard([&] {
            for (std::size_t thread = 0; thread < count; ++thread)
                threads.push_back(start_thread([&, thread] { guard([&] { work(thread); }); }));
        });
        for (std::thread &thread : threads) thread.join();
        if (failure_) std::rethrow_exception(failure_);
    }

    /// Each item from 0 to `count` - 1 once, by whichever thread is free.
    void share_out(std::size_t threads, std::size_t count,
                   const std::function<void(std::size_t thread, std::size_t item)> &work) {
        std::atomic<std::size_t> next = 0;
        run(threads < count ? threads : count, [&](std::size_t thread) {
            for (std::size_t item = next++; item < count && !stopping(); item = next++)
                work(thread, item);
        });
    }

  private:
    void guard(const auto &work) {
        try {
            work();
        } catch (...) {
            const std::lock_guard lock{failing_};
            if (!failure_) failure_ = std::current_exception();
            failed_ = true;
        }
    }

    Wish wants_stop_;
    std::atomic<bool> failed_ = false;
    std::mutex failing_{};
    std::exception_ptr failure_{};
};

} // namespace portscan
