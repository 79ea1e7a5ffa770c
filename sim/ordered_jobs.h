// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/worker_threads.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace portscan {

/// Does `work` for the items 0 to `count` - 1 by several threads, which take them in this order,
/// and gives the results in this order, too. Threads stay within `ahead` items of the next result
/// to be given, so that memory is bounded.
template <typename Result>
class OrderedJobs {
  public:
    using Work = std::function<Result(unsigned worker, std::size_t item)>;

    OrderedJobs(unsigned workers, std::size_t count, Work work, std::size_t ahead = 64) :
        work_{std::move(work)},
        count_{count},
        ahead_{ahead} {
        try {
            for (unsigned worker = 0; worker < workers; ++worker)
                threads_.push_back(start_thread([this, worker] { run(worker); }));
        } catch (...) {
            end();
            throw;
        }
    }
    OrderedJobs(const OrderedJobs &) = delete;
    OrderedJobs &operator=(const OrderedJobs &) = delete;
    /// Waits for the items that were begun.
    ~OrderedJobs() { end(); }

    /// No further item is begun.
    void stop() {
        const std::lock_guard lock{mutex_};
        count_ = begun_;
        changed_.notify_all();
    }
    /// Every result was given, of all items or of those begun before stop().
    bool done() const {
        const std::lock_guard lock{mutex_};
        return given_ == count_;
    }
    /// The next result; nothing where it does not come within that time, or done() is true. Throws
    /// what `work` threw for the item.
    std::optional<Result> next(std::chrono::milliseconds within) {
        std::unique_lock lock{mutex_};
        const auto ready = [this] { return given_ == count_ || results_.contains(given_); };
        if (!changed_.wait_for(lock, within, ready) || given_ == count_) return std::nullopt;
        Outcome outcome = std::move(results_.extract(given_).mapped());
        ++given_;
        changed_.notify_all();
        lock.unlock();
        if (outcome.failure) std::rethrow_exception(outcome.failure);
        return std::move(outcome.result);
    }

  private:
    void end() {
        stop();
        for (std::thread &thread : threads_) thread.join();
    }

    struct Outcome {
        std::optional<Result> result{};
        std::exception_ptr failure{};
    };

    void run(unsigned worker) {
        for (;;) {
            std::unique_lock lock{mutex_};
            changed_.wait(lock, [this] { return begun_ >= count_ || begun_ < given_ + ahead_; });
            if (begun_ >= count_) return;
            const std::size_t item = begun_++;
            lock.unlock();
            Outcome outcome;
            try {
                outcome.result = work_(worker, item);
            } catch (...) {
                outcome.failure = std::current_exception();
            }
            lock.lock();
            results_.emplace(item, std::move(outcome));
            changed_.notify_all();
        }
    }

    Work work_;
    std::size_t count_, ahead_;
    mutable std::mutex mutex_{};
    std::condition_variable changed_{};
    std::size_t begun_ = 0, given_ = 0;
    std::map<std::size_t, Outcome> results_{};
    std::vector<std::thread> threads_{};
};

} // namespace portscan
