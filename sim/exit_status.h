// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

namespace portscan {

/// What every command exits with; of several captures or scenarios the highest counts.
enum ExitStatus : int {
    exit_done = 0,
    exit_failed = 1,      ///< an expectation did not come out, or a block with --fail-on-block
    exit_unreadable = 2,  ///< usage, or input that cannot be read
    exit_environment = 3, ///< BPF cannot run here, or the harness itself failed
};

} // namespace portscan
