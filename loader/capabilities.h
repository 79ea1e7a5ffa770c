// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

namespace portscan {

/// Gives up every capability but CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, in all sets, and the
/// ability to gain others by exec (no_new_privs). What is left goes on to a binary that replaces
/// this one. Where CAP_SYS_ADMIN stood in for one of the three it stays. For the calling thread and
/// those that it starts later. Throws std::system_error.
void keep_loading_capabilities();

} // namespace portscan
