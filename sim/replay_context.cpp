// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/replay_context.h"

#include <fmt/format.h>
#include <sys/utsname.h>

namespace portscan {

ReplayContext context_of(const Simulator &simulator, Clock clock) {
    utsname names{};
    uname(&names);
    return {.options = simulator.options(),
            .object_sha256 = simulator.object_sha256(),
            .kernel = names.release,
            .clock = clock};
}

std::string format_seconds(std::uint64_t time_ns) {
    constexpr std::uint64_t second = 1'000'000'000;
    return fmt::format("{}.{:09}", time_ns / second, time_ns % second);
}

} // namespace portscan
