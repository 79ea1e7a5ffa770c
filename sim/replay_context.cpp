// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/replay_context.h"

#include <sys/utsname.h>

namespace portscan {

std::string kernel_release() {
    utsname names{};
    uname(&names);
    return names.release;
}

ReplayContext context_of(const Simulator &simulator, Clock clock) {
    return {.options = simulator.options(),
            .object_sha256 = simulator.object_sha256(),
            .kernel = kernel_release(),
            .clock = clock};
}

} // namespace portscan
