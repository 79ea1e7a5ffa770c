// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/progress.h"

#include "sim/console.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;

constexpr auto quiet_time = 1s;
constexpr auto update_interval = 200ms;
/// The clock is read so often that an update is late by no more than that, roughly.
constexpr auto check_interval = 50ms;

/// 1234567 as 1,234,567.
std::string grouped(std::uint64_t number) {
    if (number < 1'000) return fmt::format("{}", number);
    return fmt::format("{},{:03}", grouped(number / 1'000), number % 1'000);
}

/// `12 s`, `3 min 20 s`, `2 h 05 min`.
std::string rough_duration(double seconds) {
    const auto whole = static_cast<std::uint64_t>(std::ceil(std::clamp(seconds, 0.0, 1e9)));
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3'600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    return fmt::format("{} h {:02} min", whole / 3'600, whole % 3'600 / 60);
}

/// Of UTF-8 (RFC 3629): a byte that is not the first one of a character.
bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}

std::size_t terminal_width() {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

} // namespace

std::string format_progress(const ProgressFigures &figures, std::size_t width) {
    const double seconds = Seconds{figures.elapsed}.count();
    std::string line =
        fmt::format("{}{}{} {}", printable(figures.label), figures.label.empty() ? "" : ": ",
                    grouped(figures.count), figures.unit);
    if (seconds > 0) {
        const double rate = static_cast<double>(figures.count) / seconds;
        line += fmt::format(", {}/s", grouped(static_cast<std::uint64_t>(rate)));
    }
    if (figures.part) {
        const double part = std::clamp(*figures.part, 0.0, 1.0);
        line += fmt::format(", {} %", static_cast<unsigned>(part * 100));
        if (part > 0 && seconds > 0)
            line += fmt::format(", {} left", rough_duration(seconds * (1 - part) / part));
    }
    if (line.size() <= width) return line;
    if (width == 0) return {};
    std::size_t end = width - 1;
    while (end > 0 && is_continuation(line[end])) --end; // no part of a character
    return line.substr(0, end) + "~";
}

ProgressOutput ProgressOutput::standard_error() {
    ProgressOutput output{.now = std::chrono::steady_clock::now, .write = {}};
    if (isatty(STDERR_FILENO) != 1) return output;
    output.width = terminal_width();
    output.write = [](std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), stderr);
        std::fflush(stderr);
    };
    return output;
}

Progress::Progress(ProgressOutput output) : output_{std::move(output)} {}

void Progress::start(ProgressTask task) {
    task_ = std::move(task);
    count_ = 0;
    if (!output_.write) return;
    start_ = checked_ = output_.now();
    if (!first_start_) first_start_ = start_;
    stride_ = 1;
    next_check_ = stride_;
}

void Progress::check() {
    const auto now = output_.now();
    adapt_stride(now - checked_);
    checked_ = now;
    next_check_ = count_ + stride_;
    if (now - *first_start_ < quiet_time) return;
    if (shown_ && now - *shown_ < update_interval) return;
    shown_ = now;
    show(now);
}

/// Units between two looks at the clock: doubled while they take less than half the interval,
/// halved while they take more than twice as long.
void Progress::adapt_stride(std::chrono::nanoseconds since_check) {
    if (since_check < check_interval / 2) stride_ = std::min(stride_ * 2, std::uint64_t{1} << 24);
    if (since_check > check_interval * 2) stride_ = std::max(stride_ / 2, std::uint64_t{1});
}

void Progress::show(ProgressOutput::TimePoint now) {
    ProgressFigures figures{.label = task_.label,
                            .unit = task_.unit,
                            .count = count_,
                            .elapsed = now - start_,
                            .part = {}};
    if (task_.total > 0) {
        const std::uint64_t done = task_.position ? task_.position() : count_;
        figures.part = static_cast<double>(done) / static_cast<double>(task_.total);
    }
    // The last column stays free: some terminals wrap there.
    const std::string line =
        format_progress(figures, output_.width - std::min<std::size_t>(output_.width, 1));
    const std::size_t columns = line.size();
    output_.write(fmt::format("\r{}{:{}}", line, "", columns_ > columns ? columns_ - columns : 0));
    columns_ = columns;
}

void Progress::clear() {
    if (columns_ == 0) return;
    output_.write(fmt::format("\r{:{}}\r", "", columns_));
    columns_ = 0;
}

} // namespace portscan
