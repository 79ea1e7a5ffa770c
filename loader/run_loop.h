// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/block_book.h"
#include "loader/block_log.h"
#include "loader/event_loop.h"
#include "loader/events.h"
#include "loader/filter.h"
#include "loader/host_settings.h"
#include "loader/http_server.h"
#include "loader/interface_watch.h"
#include "loader/metrics.h"
#include "loader/pins.h"
#include "loader/running_binary.h"
#include "loader/service_notify.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// `xdp-portscan run`, as given on the command line.
struct RunCommand {
    HostArguments arguments;
    std::optional<std::chrono::nanoseconds> confirm; ///< --confirm
};

/// The foreground process: attaches, then expires, logs and looks after the links until a signal
/// ends it. All that decides about packets goes on without it.
class RunLoop {
  public:
    /// `signals` blocks them from before the first file was touched.
    RunLoop(const RunCommand &command, HostSettings settings, PinDirectory directory,
            InstanceLock lock, RunningBinary binary, SignalReader signals);
    RunLoop(const RunLoop &) = delete;
    RunLoop &operator=(const RunLoop &) = delete;

    /// Attaches. `replaces`: goes on where a binary before this one left off in this process.
    /// Throws as Filter::apply().
    void start(bool replaces);
    /// Until a signal ends it; the exit status.
    int run();

  private:
    FilterPlan plan();
    void listen_to_detector();
    void set_timers();
    bool serve_metrics();
    void say_metrics_address();
    MetricsSnapshot snapshot();

    void on_signal();
    void on_events();
    void on_interfaces();
    void on_expiry();
    void on_confirm_timeout();
    void reload();
    void reread_settings();
    void replace_binary();
    void use(HostSettings settings);
    void apply_settings();
    void confirm();
    void end();
    void say_status();

    void say(std::string_view message);
    /// A failure while running is told, and the filter goes on.
    template <typename Action>
    void guarded(std::string_view what, Action action);

    RunCommand command_;
    HostSettings settings_;
    PinDirectory directory_;
    InstanceLock lock_;
    RunningBinary binary_;
    ServiceNotify notify_;
    EventLoop loop_;
    SignalReader signals_;
    Timer expiry_;
    Timer confirmation_;
    Timer alive_;
    InterfaceWatch interfaces_;
    BlockLog block_log_;
    std::vector<std::string> adopted_; ///< what was attached at the start, where none is named
    Filter filter_;
    std::optional<HttpServer> http_;
    std::string http_address_; ///< as in the options; empty: none
    std::string object_sha256_;
    std::unique_ptr<EventReader> events_;
    std::unique_ptr<BlockBook> book_;
    int exit_status_ = 0;
};

} // namespace portscan
