// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace portscan {

/// Tells the service manager how the service is, by datagrams as sd_notify(3) documents them;
/// without libsystemd, which would bring compressors and libgcrypt along. Where there is no
/// manager, and where it does not listen, nothing happens: a service does not fail for that.
class ServiceNotify {
  public:
    /// `socket_path`: as in $NOTIFY_SOCKET, `/path` or `@name` of the abstract namespace; empty:
    /// nobody is told. `watchdog`: what the manager waits for a sign of life; none or 0: it does
    /// not. The socket is connected here, hence before privileges and the file system change.
    explicit ServiceNotify(const std::string &socket_path,
                           std::optional<std::chrono::microseconds> watchdog = {});
    /// By $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID. They stay in the environment, so that a
    /// binary that replaces this one is told too.
    static ServiceNotify from_environment();

    /// Started, or done with reloading. `status` is one line for `systemctl status`.
    void ready(std::string_view status) const;
    /// The configuration is read anew; ready() ends it. `now_ns`: CLOCK_MONOTONIC.
    void reloading(std::uint64_t now_ns) const;
    void stopping() const;
    void status(std::string_view text) const;
    /// A sign of life.
    void alive() const;

    /// How often alive() is wanted: half of what the manager waits. Nothing: never.
    std::optional<std::chrono::nanoseconds> alive_interval() const;
    /// Is anybody told?
    bool connected() const { return socket_.get() >= 0; }

  private:
    void send(std::string_view message) const;

    FileDescriptor socket_;
    std::optional<std::chrono::microseconds> watchdog_;
};

} // namespace portscan
