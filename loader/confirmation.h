// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <csignal>

namespace portscan {

/// In the pin directory while `run --confirm` waits.
inline constexpr const char *unconfirmed_mark = "unconfirmed";
/// What `confirm` sends to that process.
inline constexpr int confirm_signal = SIGUSR1;

} // namespace portscan
