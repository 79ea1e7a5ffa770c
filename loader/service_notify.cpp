// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/service_notify.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace portscan {
namespace {

/// No descriptor where there is nobody at that address.
FileDescriptor connect_datagram(const std::string &path) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    const bool plausible = path.size() >= 2 && (path[0] == '/' || path[0] == '@');
    if (!plausible || path.size() >= sizeof(address.sun_path)) return {};
    std::memcpy(address.sun_path, path.data(), path.size());
    // The address of an abstract socket ends with its name, that of a file with a zero byte.
    std::size_t size = offsetof(sockaddr_un, sun_path) + path.size();
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    else
        ++size;

    FileDescriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (socket.get() < 0) return {};
    const auto *const target = reinterpret_cast<const sockaddr *>(&address);
    if (connect(socket.get(), target, static_cast<socklen_t>(size)) != 0) return {};
    return socket;
}

std::optional<std::uint64_t> number_from_environment(const char *name) {
    const char *const text = std::getenv(name);
    if (text == nullptr) return std::nullopt;
    std::uint64_t value = 0;
    const char *const end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, value);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

/// A line end would start another assignment.
std::string one_line(std::string_view text) {
    std::string line{text};
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
}

} // namespace

ServiceNotify::ServiceNotify(const std::string &socket_path,
                             std::optional<std::chrono::microseconds> watchdog) :
    socket_{connect_datagram(socket_path)},
    watchdog_{watchdog} {}

ServiceNotify ServiceNotify::from_environment() {
    const char *const path = std::getenv("NOTIFY_SOCKET");
    // The manager means one process; a child that inherits the variables is none of its business.
    const auto whom = number_from_environment("WATCHDOG_PID");
    std::optional<std::chrono::microseconds> watchdog;
    if (!whom || *whom == static_cast<std::uint64_t>(getpid())) {
        if (const auto usec = number_from_environment("WATCHDOG_USEC"))
            watchdog = std::chrono::microseconds{*usec};
    }
    return ServiceNotify{path == nullptr ? "" : path, watchdog};
}

void ServiceNotify::ready(std::string_view status) const {
    send(fmt::format("READY=1\nSTATUS={}\n", one_line(status)));
}

void ServiceNotify::reloading(std::uint64_t now_ns) const {
    send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\n", now_ns / 1000));
}

void ServiceNotify::stopping() const {
    send("STOPPING=1\n");
}

void ServiceNotify::status(std::string_view text) const {
    send(fmt::format("STATUS={}\n", one_line(text)));
}

void ServiceNotify::alive() const {
    send("WATCHDOG=1\n");
}

std::optional<std::chrono::nanoseconds> ServiceNotify::alive_interval() const {
    if (!connected() || !watchdog_ || watchdog_->count() <= 0) return std::nullopt;
    return std::chrono::nanoseconds{*watchdog_} / 2;
}

void ServiceNotify::send(std::string_view message) const {
    if (!connected()) return;
    // Does not wait: the queue of a socket that nobody reads any more would block for ever.
    ::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

} // namespace portscan
