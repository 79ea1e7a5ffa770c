// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/run_loop.h"

#include "loader/capabilities.h"
#include "loader/commands.h"
#include "loader/confirmation.h"
#include "loader/console.h"
#include "loader/digest.h"
#include "loader/program_clock.h"

#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>
#include <utility>

namespace portscan {

RunLoop::RunLoop(const RunCommand &command, HostSettings settings, PinDirectory directory,
                 InstanceLock lock, RunningBinary binary, SignalReader signals) :
    command_{command},
    settings_{std::move(settings)},
    directory_{std::move(directory)},
    lock_{std::move(lock)},
    binary_{std::move(binary)},
    notify_{ServiceNotify::from_environment()},
    signals_{std::move(signals)},
    block_log_{settings_.service.log_format, log_line},
    adopted_{pinned_interfaces(directory_)},
    filter_{directory_, [this](std::string_view message) { say(message); }},
    object_sha256_{sha256_hex(embedded_object())} {}

void RunLoop::say(std::string_view message) {
    log_message(settings_.service.log_format, message);
}

template <typename Action>
void RunLoop::guarded(std::string_view what, Action action) {
    try {
        action();
    } catch (const std::exception &error) {
        say(fmt::format("{}: {}", what, error.what()));
    }
}

FilterPlan RunLoop::plan() {
    const auto &named = settings_.service.interfaces;
    return {.options = settings_.detector,
            .interfaces = named.empty() ? adopted_ : named,
            .mode = settings_.service.mode,
            .find_auto_allow = [this] {
                return find_auto_allow(settings_.service, [this](auto line) { say(line); });
            }};
}

void RunLoop::start(bool replaces) {
    directory_.clear_mark(unconfirmed_mark);
    const bool serves = serve_metrics(); // before attaching: its port may be in use
    FilterPlan first = plan();
    first.hold_new = command_.confirm.has_value() && !replaces;
    first.await_absent = replaces;
    filter_.apply(first);
    if (serves) say_metrics_address();
    if (filter_.holds_links()) {
        directory_.set_mark(unconfirmed_mark);
        confirmation_.once(*command_.confirm);
        say(fmt::format("detaches in {} unless `xdp-portscan confirm` is run until then",
                        format_duration(*command_.confirm)));
    } else if (first.hold_new) {
        say("nothing to confirm: what is attached was attached before");
    }
    if (filter_.attachments().empty()) say("attached to nothing yet: waits for interfaces");
    keep_loading_capabilities();
    listen_to_detector();
    set_timers();
    loop_.add(signals_.descriptor(), [this] { on_signal(); });
    loop_.add(interfaces_.poll_fd(), [this] { on_interfaces(); });
    loop_.add(expiry_.descriptor(), [this] { on_expiry(); });
    loop_.add(confirmation_.descriptor(), [this] { on_confirm_timeout(); });
    loop_.add(alive_.descriptor(), [this] {
        alive_.acknowledge();
        notify_.alive();
    });
    say_status();
    say(fmt::format("running as process {}", getpid()));
}

void RunLoop::say_status() {
    std::vector<std::string> names;
    for (const auto &attachment : filter_.attachments()) names.push_back(attachment.interface());
    notify_.ready(names.empty() ? std::string{"waiting for interfaces"}
                                : fmt::format("attached to {}", fmt::join(names, ", ")));
}

/// Its maps may be others than before.
void RunLoop::listen_to_detector() {
    if (events_) loop_.remove(events_->poll_fd());
    book_ = std::make_unique<BlockBook>(
        filter_.control().registry,
        [this](const BlockChange &change) { block_log_.add(change, WallClock::now()); },
        name_of_interface);
    events_ = std::make_unique<EventReader>(filter_.detector().maps().events);
    loop_.add(events_->poll_fd(), [this] { on_events(); });
    on_events(); // those that nobody read yet
}

void RunLoop::set_timers() {
    expiry_.repeat(settings_.detector.expire_interval);
    if (const auto interval = notify_.alive_interval()) alive_.repeat(*interval);
}

/// The next address is bound before the one in use is given up. False where it stays.
bool RunLoop::serve_metrics() {
    const std::string &listen = settings_.service.listen;
    if (listen == http_address_) return false;
    std::optional<HttpServer> next;
    if (listen != "off")
        next.emplace(*HttpEndpoint::parse(listen), [this](const HttpRequest &request) {
            return metrics_response(request, [this] { return snapshot(); });
        });
    if (http_) loop_.remove(http_->poll_fd());
    http_ = std::move(next);
    http_address_ = listen;
    if (http_)
        loop_.add(http_->poll_fd(), [this] { guarded("metrics", [this] { http_->serve(); }); });
    return true;
}

void RunLoop::say_metrics_address() {
    if (http_) say(fmt::format("metrics at http://{}/metrics", http_->endpoint().to_string()));
}

MetricsSnapshot RunLoop::snapshot() {
    const Control &control = filter_.control();
    const DetectorOptions &options = control.options;
    MetricsSnapshot metrics{.counters = control.counters.read(),
                            .ipv4 = {.sources = control.state.expiry(PORTSCAN_IPV4).sources_left,
                                     .sources_max = options.max_sources,
                                     .blocked = control.state.blocked(PORTSCAN_IPV4),
                                     .blocked_max = options.blocked_limit()},
                            .ipv6 = {.sources = control.state.expiry(PORTSCAN_IPV6).sources_left,
                                     .sources_max = options.max_sources6,
                                     .blocked = control.state.blocked(PORTSCAN_IPV6),
                                     .blocked_max = options.blocked_limit6()},
                            .allow_entries = control.allowlist.list().size(),
                            .dry_run = options.dry_run,
                            .version = PORTSCAN_VERSION,
                            .object_sha256 = object_sha256_};
    for (const auto &attachment : filter_.attachments())
        metrics.attached.push_back({attachment.interface(), to_string(attachment.mode())});
    return metrics;
}

int RunLoop::run() {
    loop_.run();
    return exit_status_;
}

void RunLoop::on_signal() {
    while (const auto signal = signals_.take()) {
        switch (*signal) {
        case SIGHUP:
            reload();
            break;
        case confirm_signal:
            confirm();
            break;
        default:
            say(fmt::format("{}: ending", strsignal(*signal)));
            return end();
        }
    }
}

void RunLoop::on_events() {
    guarded("read events", [this] {
        for (const auto &event : events_->take()) book_->add(event);
    });
}

void RunLoop::on_interfaces() {
    guarded("follow interfaces", [this] {
        if (interfaces_.take().empty()) return;
        filter_.reconcile();
        say_status();
    });
}

void RunLoop::on_expiry() {
    expiry_.acknowledge();
    guarded("expiry pass", [this] {
        const std::uint64_t now = program_clock_ns();
        Control &control = filter_.control();
        for (const auto &prefix : control.allowlist.expire(now))
            say(fmt::format("{} is not allowed any longer: its time is over", prefix.to_string()));
        const ExpiryReport report = control.expirer.pass(now);
        on_events();
        book_->review(report, control.options, now);
        block_log_.flush(WallClock::now());
    });
    guarded("follow interfaces", [this] { filter_.reconcile(); });
}

void RunLoop::confirm() {
    guarded("confirm", [this] {
        if (!filter_.holds_links()) return;
        filter_.pin_held();
        confirmation_.stop();
        directory_.clear_mark(unconfirmed_mark);
        say("confirmed: the filter stays attached");
    });
}

void RunLoop::on_confirm_timeout() {
    confirmation_.acknowledge();
    if (!filter_.holds_links()) return;
    filter_.detach_held();
    say("not confirmed in time: detached");
    exit_status_ = failed;
    notify_.stopping();
    loop_.stop();
}

void RunLoop::reload() {
    notify_.reloading(WallClock::now().monotonic_ns()); // not the coarse clock, which is behind
    guarded("reload", [this] {
        const HostSettings before = settings_;
        try {
            reread_settings();
            if (serve_metrics()) say_metrics_address();
            replace_binary();
            apply_settings();
        } catch (...) {
            use(before);
            throw;
        }
        say("reloaded");
    });
    say_status();
}

void RunLoop::replace_binary() {
    if (!binary_.has_changed()) return;
    if (filter_.holds_links())
        return say("the binary changed: `xdp-portscan confirm` first, then reload again");
    say("the binary changed: runs the new one");
    say(fmt::format("cannot run it: {}", std::strerror(binary_.replace(lock_))));
}

void RunLoop::use(HostSettings settings) {
    settings_ = std::move(settings);
    block_log_.set_format(settings_.service.log_format);
}

void RunLoop::apply_settings() {
    FilterPlan next = plan();
    next.hold_new = filter_.holds_links();
    next.await_absent = true;
    const Control *const before = &filter_.control();
    try {
        filter_.apply(next);
    } catch (...) {
        // It may have come as far as to another detector.
        if (&filter_.control() != before) listen_to_detector();
        throw;
    }
    listen_to_detector();
    set_timers();
}

void RunLoop::reread_settings() {
    HostSettings next = read_settings(command_.arguments);
    if (next.service.pin_dir != settings_.service.pin_dir)
        throw CommandError("pin-dir cannot change while running: restart");
    use(std::move(next));
}

void RunLoop::end() {
    notify_.stopping();
    loop_.stop();
    block_log_.flush(WallClock::now(), true);
    directory_.clear_mark(unconfirmed_mark);
    if (filter_.holds_links()) filter_.detach_held();
    if (settings_.service.keep) return say("stays attached (--keep)");
    filter_.detach_all();
    const bool kept = directory_.get("pscan_ip_reg").get() >= 0;
    say(kept ? "detached; the state is kept"
             : fmt::format("detached; the state is lost: somebody has removed it from {}",
                           directory_.path()));
}

} // namespace portscan
