// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/wall_clock.h"

#include <array>
#include <ctime>
#include <fmt/compile.h>
#include <fmt/format.h>
#include <string_view>

namespace portscan {
namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;

std::uint64_t read_clock(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * second_ns +
           static_cast<std::uint64_t>(time.tv_nsec);
}

struct Unit {
    std::string_view name;
    std::uint64_t seconds;
};

constexpr std::array<Unit, 4> units{{{"d", 86'400}, {"h", 3'600}, {"m", 60}, {"s", 1}}};

} // namespace

WallClock WallClock::now() {
    return {read_clock(CLOCK_MONOTONIC), read_clock(CLOCK_REALTIME)};
}

std::uint64_t WallClock::wall_ns(std::uint64_t time_ns) const {
    std::uint64_t result = 0;
    if (time_ns <= monotonic_ns_) {
        const std::uint64_t age = monotonic_ns_ - time_ns;
        return age <= wall_ns_ ? wall_ns_ - age : 0;
    }
    return __builtin_add_overflow(wall_ns_, time_ns - monotonic_ns_, &result) ? UINT64_MAX : result;
}

std::string WallClock::text(std::uint64_t time_ns) const {
    const auto seconds = static_cast<std::time_t>(wall_ns(time_ns) / second_ns);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    std::array<char, 64> line{};
    return {line.data(), strftime(line.data(), line.size(), "%Y-%m-%d %H:%M:%S %Z", &parts)};
}

std::string WallClock::text_with_age(std::uint64_t time_ns) const {
    const bool past = time_ns <= monotonic_ns_;
    const std::uint64_t distance = past ? monotonic_ns_ - time_ns : time_ns - monotonic_ns_;
    if (distance < second_ns) return text(time_ns) + " (now)";
    const std::string age = format_age(distance);
    return fmt::format("{} ({})", text(time_ns), past ? age + " ago" : "in " + age);
}

WallClock::Parts WallClock::parts(std::uint64_t time_ns) const {
    const std::uint64_t wall = wall_ns(time_ns);
    return {.seconds = wall / second_ns, .nanoseconds = wall % second_ns};
}

std::string WallClock::json(std::uint64_t time_ns) const {
    const auto [seconds, nanoseconds] = parts(time_ns);
    return fmt::format(FMT_COMPILE("{}.{:09}"), seconds, nanoseconds);
}

std::string format_age(std::uint64_t age_ns) {
    const std::uint64_t seconds = age_ns / second_ns;
    if (seconds == 0) return "less than 1s";
    std::size_t largest = 0;
    while (seconds < units.at(largest).seconds) ++largest;
    const Unit &unit = units.at(largest);
    std::string text = fmt::format("{}{}", seconds / unit.seconds, unit.name);
    const std::uint64_t rest = seconds % unit.seconds;
    if (largest + 1 == units.size() || rest / units.at(largest + 1).seconds == 0) return text;
    const Unit &next = units.at(largest + 1);
    return fmt::format("{} {}{}", text, rest / next.seconds, next.name);
}

} // namespace portscan
