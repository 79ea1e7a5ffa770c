// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/replay_context.h"

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

} // namespace portscan
