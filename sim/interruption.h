// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

namespace portscan {

/// While it lives, the first SIGINT or SIGTERM ends nothing: interrupted() says that it came, so
/// that what was done until then can still be reported. The second one ends the process as ever.
/// A read that waits is ended by the signal (EINTR). One at a time in a process.
class Interruption {
  public:
    Interruption();
    ~Interruption();
    Interruption(const Interruption &) = delete;
    Interruption &operator=(const Interruption &) = delete;

    bool interrupted() const;
    /// Ends the process by the signal that came, as who started it expects; returns if none came.
    void pass_on() const;
};

} // namespace portscan
