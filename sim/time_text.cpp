// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/time_text.h"

#include <fmt/format.h>

namespace portscan {

std::string format_seconds(std::uint64_t time_ns) {
    constexpr std::uint64_t second = 1'000'000'000;
    return fmt::format("{}.{:09}", time_ns / second, time_ns % second);
}

} // namespace portscan
