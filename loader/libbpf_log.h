// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace portscan {

/// Keeps what libbpf says to this thread during its lifetime in memory: the reason of a failure.
/// From the first one on, libbpf prints nothing itself. One at a time in a thread.
class LibbpfLog {
  public:
    LibbpfLog();
    ~LibbpfLog();
    LibbpfLog(const LibbpfLog &) = delete;
    LibbpfLog &operator=(const LibbpfLog &) = delete;

    /// The last line that tells why something failed, the verifier's included; empty if none.
    std::string reason() const;

  private:
    std::string text_{};
};

} // namespace portscan
