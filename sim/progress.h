// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace portscan {

/// What a progress line says.
struct ProgressFigures {
    std::string label;            ///< `a.pcap`; empty: none
    std::string unit = "packets"; ///< what is counted
    std::uint64_t count = 0;
    std::chrono::nanoseconds elapsed{};
    std::optional<double> part; ///< done of the whole, 0 to 1; nothing: not known
};

/// `a.pcap: 12,345,678 packets, 2,130,000/s, 43 %, 12 s left`, with a `~` in the last column where
/// it is longer than `width` columns.
std::string format_progress(const ProgressFigures &figures, std::size_t width);

/// Where progress goes to, and by which clock. Both are passed in.
struct ProgressOutput {
    using TimePoint = std::chrono::steady_clock::time_point;

    std::function<TimePoint()> now;
    std::function<void(std::string_view)> write; ///< empty: nothing is shown
    std::size_t width = 80;                      ///< columns

    /// Standard error if that is a terminal, else nothing.
    static ProgressOutput standard_error();
};

/// One task of which progress is shown.
struct ProgressTask {
    std::string label{};
    std::string unit = "packets";
    std::uint64_t total = 0; ///< in units, or in those of `position`; 0: not known
    /// How much of the total is done, where that is not the count: bytes of a file.
    std::function<std::uint64_t()> position{};
};

/// A line on a terminal that says how far a task is: from one second on, five times a second, gone
/// at the end. Clear it before anything else is written to the terminal.
class Progress {
  public:
    explicit Progress(ProgressOutput output = ProgressOutput::standard_error());
    Progress(const Progress &) = delete;
    Progress &operator=(const Progress &) = delete;
    ~Progress() { clear(); }

    /// Starts a task; the first second counts from the first task on.
    void start(ProgressTask task);
    /// After each unit, or several: a comparison, and the clock about every 50 ms.
    void step(std::uint64_t units = 1) {
        count_ += units;
        if (count_ >= next_check_) check();
    }
    /// In place of steps: so many units are done.
    void reach(std::uint64_t count) {
        count_ = count;
        if (output_.write) check();
    }
    /// Removes the line; a later step shows it again.
    void clear();

  private:
    void check();
    void adapt_stride(std::chrono::nanoseconds since_check);
    void show(ProgressOutput::TimePoint now);

    ProgressOutput output_;
    ProgressTask task_{};
    std::optional<ProgressOutput::TimePoint> first_start_;
    ProgressOutput::TimePoint start_{};
    ProgressOutput::TimePoint checked_{};
    std::optional<ProgressOutput::TimePoint> shown_;
    std::uint64_t count_ = 0;
    std::uint64_t next_check_ = UINT64_MAX;
    std::uint64_t stride_ = 1;
    std::size_t columns_ = 0; ///< of the line on the screen
};

} // namespace portscan
