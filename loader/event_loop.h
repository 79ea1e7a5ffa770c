// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"

#include <chrono>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>

namespace portscan {

/// Waits for descriptors (epoll) and calls back; uses no time while nothing happens.
class EventLoop {
  public:
    /// Throws std::system_error.
    EventLoop();

    /// Calls `ready` whenever the descriptor is readable, until it is removed. It belongs to the
    /// caller and must be removed before it is closed.
    void add(int fd, std::function<void()> ready);
    void remove(int fd);

    /// Returns when a callback has called stop(). Lets through what callbacks throw.
    void run();
    void stop() { stopped_ = true; }

  private:
    FileDescriptor epoll_;
    std::map<int, std::function<void()>> ready_;
    bool stopped_ = false;
};

/// A timer as a descriptor (timerfd, CLOCK_MONOTONIC).
class Timer {
  public:
    /// Throws std::system_error.
    Timer();
    /// From now on every `interval`.
    void repeat(std::chrono::nanoseconds interval);
    void once(std::chrono::nanoseconds delay);
    void stop();
    /// To be called when the descriptor is readable.
    void acknowledge();
    int descriptor() const { return fd_.get(); }

  private:
    void set(std::chrono::nanoseconds first, std::chrono::nanoseconds interval);
    FileDescriptor fd_;
};

/// Signals as a descriptor. They stay blocked in this thread and in those that it starts later, so
/// make it before them; also across exec, hence it unblocks nothing.
class SignalReader {
  public:
    /// Throws std::system_error.
    SignalReader(std::initializer_list<int> signals);
    /// The next signal that has come; nothing if none has.
    std::optional<int> take();
    int descriptor() const { return fd_.get(); }

  private:
    FileDescriptor fd_;
};

} // namespace portscan
