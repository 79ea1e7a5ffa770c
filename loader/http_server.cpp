// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/http_server.h"

#include "loader/http_text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <system_error>

namespace portscan {
namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr int backlog = 64;
/// What a client may go on sending while it takes its answer.
constexpr std::size_t discard_limit = 64 * 1024;

[[noreturn]] void fail(int error, const std::string &what) {
    throw std::system_error(error, std::generic_category(), what);
}

std::uint64_t now_ns() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * second_ns +
           static_cast<std::uint64_t>(time.tv_nsec);
}

socklen_t to_socket_address(const HttpEndpoint &endpoint, sockaddr_storage &storage) {
    if (endpoint.address.is_ipv6()) {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(endpoint.port);
        std::memcpy(&address.sin6_addr, endpoint.address.bytes.data(), 16);
        std::memcpy(&storage, &address, sizeof(address));
        return sizeof(address);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    std::memcpy(&address.sin_addr, endpoint.address.bytes.data(), 4);
    std::memcpy(&storage, &address, sizeof(address));
    return sizeof(address);
}

/// The port stands at the same place for both families.
std::uint16_t bound_port(int socket) {
    sockaddr_in6 address{};
    socklen_t size = sizeof(address);
    getsockname(socket, reinterpret_cast<sockaddr *>(&address), &size);
    return ntohs(address.sin6_port);
}

std::string advice(int error) {
    if (error == EADDRINUSE) return "; another process has that port, give another with --listen";
    if (error == EADDRNOTAVAIL) return "; this host has no such address, see --listen";
    if (error == EACCES) return "; give a port above 1023 with --listen";
    return "; see --listen";
}

FileDescriptor listen_at(const HttpEndpoint &endpoint) {
    const int family = endpoint.address.is_ipv6() ? AF_INET6 : AF_INET;
    FileDescriptor listener{socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const int on = 1;
    sockaddr_storage address{};
    const socklen_t size = to_socket_address(endpoint, address);
    const bool listens =
        listener.get() >= 0 &&
        setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        bind(listener.get(), reinterpret_cast<const sockaddr *>(&address), size) == 0 &&
        listen(listener.get(), backlog) == 0;
    if (listens) return listener;
    const int error = errno;
    throw std::runtime_error(fmt::format("cannot serve metrics at {}: {}{}", endpoint.to_string(),
                                         std::strerror(error), advice(error)));
}

FileDescriptor checked(int fd, const char *what) {
    if (fd < 0) fail(errno, what);
    return FileDescriptor{fd};
}

} // namespace

HttpServer::HttpServer(const HttpEndpoint &endpoint, Handler handler, const HttpLimits &limits) :
    endpoint_{endpoint},
    handler_{std::move(handler)},
    limits_{limits},
    epoll_{checked(epoll_create1(EPOLL_CLOEXEC), "make an epoll descriptor")},
    listener_{listen_at(endpoint)},
    timer_{checked(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "make a timer")} {
    endpoint_.port = bound_port(listener_.get());
    watch(listener_.get(), EPOLLIN, EPOLL_CTL_ADD);
    watch(timer_.get(), EPOLLIN, EPOLL_CTL_ADD);
}

void HttpServer::watch(int fd, std::uint32_t events, int operation) const {
    epoll_event event{.events = events, .data = {.fd = fd}};
    if (epoll_ctl(epoll_.get(), operation, fd, &event) != 0) fail(errno, "watch a socket");
}

void HttpServer::serve() {
    std::array<epoll_event, 64> events{};
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
        const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
        if (fd == listener_.get())
            accept_all();
        else if (fd == timer_.get())
            drop_late();
        else
            handle(fd);
    }
    arm_timer();
}

void HttpServer::accept_all() {
    // Bounded, so that a flood of connections does not keep the owner's loop here.
    for (int i = 0; i < backlog; ++i) {
        FileDescriptor socket{
            accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
        if (socket.get() < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
            return pause_accepting();
        if (socket.get() < 0) return;
        if (connections_.size() >= limits_.connections) connections_.pop_front();
        const int fd = socket.get();
        connections_.push_back(
            {std::move(socket), now_ns() + static_cast<std::uint64_t>(limits_.time.count())});
        watch(fd, EPOLLIN, EPOLL_CTL_ADD);
        handle(fd); // most requests are there by now
    }
}

/// No descriptors left: the listener would be ready again and again without any progress.
void HttpServer::pause_accepting() {
    if (!connections_.empty()) connections_.pop_front();
    watch(listener_.get(), 0, EPOLL_CTL_MOD);
    accept_again_ns_ = now_ns() + second_ns;
}

void HttpServer::handle(int fd) {
    const auto found = std::find_if(connections_.begin(), connections_.end(),
                                    [fd](const auto &one) { return one.socket.get() == fd; });
    if (found != connections_.end() && !advance(*found)) connections_.erase(found);
}

/// False when the connection is done with.
bool HttpServer::advance(Connection &connection) {
    if (connection.response.empty() && !read_request(connection)) return false;
    if (connection.response.empty()) return true;
    if (connection.sent < connection.response.size() && !write_response(connection)) return false;
    const bool all_sent = connection.sent == connection.response.size();
    if (!all_sent) {
        watch(connection.socket.get(), EPOLLOUT, EPOLL_CTL_MOD);
        return true;
    }
    // Closed only when the client has closed: what it still sends would make the kernel reset the
    // connection, and the client lose the end of the answer.
    std::array<char, 4096> bytes{};
    ssize_t size = 0;
    while ((size = recv(connection.socket.get(), bytes.data(), bytes.size(), 0)) > 0) {
        connection.discarded += static_cast<std::size_t>(size);
        if (connection.discarded > discard_limit) return false;
    }
    watch(connection.socket.get(), EPOLLIN, EPOLL_CTL_MOD);
    return size < 0 && errno == EAGAIN;
}

/// Makes the response once the request is whole. False where the client is gone.
bool HttpServer::read_request(Connection &connection) {
    std::array<char, 4096> bytes{};
    while (true) {
        const ssize_t size = recv(connection.socket.get(), bytes.data(), bytes.size(), 0);
        if (size < 0 && errno == EAGAIN) return true;
        if (size <= 0) return false;
        connection.request.append(bytes.data(), static_cast<std::size_t>(size));
        if (connection.request.size() > limits_.request_bytes) {
            connection.response = http_message({.status = 431, .body = "too long a request\n"});
            return true;
        }
        if (http_head_ends(connection.request)) break;
    }
    connection.response = answer(connection.request);
    return true;
}

/// False where the client is gone. What has been sent by the end is shut down for writing.
bool HttpServer::write_response(Connection &connection) const {
    while (connection.sent < connection.response.size()) {
        const std::string_view rest = std::string_view{connection.response}.substr(connection.sent);
        const ssize_t size =
            send(connection.socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0) return errno == EAGAIN;
        connection.sent += static_cast<std::size_t>(size);
    }
    shutdown(connection.socket.get(), SHUT_WR);
    return true;
}

std::string HttpServer::answer(std::string_view head) const {
    const auto line = parse_request_line(head);
    if (!line) return http_message({.status = 400, .body = "this is no HTTP/1 request\n"});
    if (line->method != "GET" && line->method != "HEAD")
        return http_message({.status = 405, .body = "GET and HEAD only\n"});
    HttpResponse response;
    try {
        response = handler_(line->request);
    } catch (const std::exception &error) {
        response = {.status = 500, .body = fmt::format("{}\n", error.what())};
    }
    return http_message(response, line->method == "HEAD");
}

void HttpServer::drop_late() {
    std::uint64_t expirations = 0;
    [[maybe_unused]] const ssize_t size = read(timer_.get(), &expirations, sizeof(expirations));
    const std::uint64_t now = now_ns();
    while (!connections_.empty() && connections_.front().deadline_ns <= now)
        connections_.pop_front();
    if (accept_again_ns_ == 0 || accept_again_ns_ > now) return;
    accept_again_ns_ = 0;
    watch(listener_.get(), EPOLLIN, EPOLL_CTL_MOD);
}

/// At the next deadline; off where there is none.
void HttpServer::arm_timer() const {
    std::uint64_t due = connections_.empty() ? 0 : connections_.front().deadline_ns;
    if (accept_again_ns_ != 0) due = due == 0 ? accept_again_ns_ : std::min(due, accept_again_ns_);
    const itimerspec when{.it_interval = {},
                          .it_value = {.tv_sec = static_cast<time_t>(due / second_ns),
                                       .tv_nsec = static_cast<long>(due % second_ns)}};
    if (timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr) != 0)
        fail(errno, "set a timer");
}

} // namespace portscan
