// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>

namespace portscan {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t ns;
};

constexpr std::array<Unit, 7> units{{
    {"d", 86'400'000'000'000},
    {"h", 3'600'000'000'000},
    {"m", 60'000'000'000},
    {"s", 1'000'000'000},
    {"ms", 1'000'000},
    {"us", 1'000},
    {"ns", 1},
}};

bool is_digit(char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

/// Adds digit * weight; false on overflow.
bool add_digit(std::int64_t &sum, char digit, std::int64_t weight) {
    std::int64_t part = 0;
    return !__builtin_mul_overflow(digit - '0', weight, &part) &&
           !__builtin_add_overflow(sum, part, &sum);
}

/// `digits` are those before the point, in units of `unit_ns`.
std::optional<std::int64_t> whole_part(std::string_view digits, std::int64_t unit_ns) {
    std::int64_t count = 0;
    for (const char c : digits) {
        if (__builtin_mul_overflow(count, 10, &count) || !add_digit(count, c, 1)) {
            return std::nullopt;
        }
    }
    std::int64_t result = 0;
    if (__builtin_mul_overflow(count, unit_ns, &result)) return std::nullopt;
    return result;
}

/// `digits` are those after the point. Nothing where one stands for a part of a nanosecond.
std::optional<std::int64_t> fraction_part(std::string_view digits, std::int64_t unit_ns) {
    std::int64_t sum = 0;
    std::int64_t weight = unit_ns;
    for (const char c : digits) {
        if (weight % 10 != 0 && c != '0') return std::nullopt;
        weight = weight % 10 == 0 ? weight / 10 : 0;
        if (!add_digit(sum, c, weight)) return std::nullopt;
    }
    return sum;
}

/// `value` in `unit`, as few digits as are exact; empty if it is below 1 or not exact.
std::string in_unit(std::int64_t value, const Unit &unit) {
    if (value < unit.ns) return {};
    std::string digits;
    std::int64_t rest = value % unit.ns;
    for (std::int64_t weight = unit.ns; rest != 0; rest %= weight) {
        if (weight % 10 != 0) return {};
        weight /= 10;
        digits += static_cast<char>('0' + rest / weight);
    }
    return fmt::format("{}{}{}{}", value / unit.ns, digits.empty() ? "" : ".", digits, unit.name);
}

} // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    const auto skip_digits = [&](std::size_t from) {
        while (from < text.size() && is_digit(text[from])) ++from;
        return from;
    };
    const std::size_t whole_end = skip_digits(0);
    const bool has_point = whole_end < text.size() && text[whole_end] == '.';
    const std::size_t fraction_start = whole_end + (has_point ? 1 : 0);
    const std::size_t fraction_end = has_point ? skip_digits(fraction_start) : whole_end;
    if (whole_end == 0 || (has_point && fraction_end == fraction_start)) return std::nullopt;

    const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit &candidate) {
        return candidate.name == text.substr(fraction_end);
    });
    if (unit == units.end()) return std::nullopt;
    const auto whole = whole_part(text.substr(0, whole_end), unit->ns);
    const auto fraction =
        fraction_part(text.substr(fraction_start, fraction_end - fraction_start), unit->ns);
    std::int64_t sum = 0;
    if (!whole || !fraction || __builtin_add_overflow(*whole, *fraction, &sum)) {
        return std::nullopt;
    }
    return std::chrono::nanoseconds{sum};
}

std::string format_duration(std::chrono::nanoseconds duration) {
    if (duration.count() < 0) return fmt::format("{}ns", duration.count());
    std::string shortest = duration.count() == 0 ? "0s" : fmt::format("{}ns", duration.count());
    for (const Unit &unit : units) {
        const std::string candidate = in_unit(duration.count(), unit);
        if (!candidate.empty() && candidate.size() < shortest.size()) shortest = candidate;
    }
    return shortest;
}

} // namespace portscan
