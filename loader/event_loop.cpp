// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/event_loop.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <system_error>
#include <unistd.h>

namespace portscan {
namespace {

void require(bool done, const char *what) {
    if (!done) throw std::system_error(errno, std::generic_category(), what);
}

timespec to_timespec(std::chrono::nanoseconds time) {
    constexpr std::int64_t second = 1'000'000'000;
    return {.tv_sec = time.count() / second, .tv_nsec = time.count() % second};
}

} // namespace

EventLoop::EventLoop() : epoll_{epoll_create1(EPOLL_CLOEXEC)} {
    require(epoll_.get() >= 0, "make an epoll instance");
}

void EventLoop::add(int fd, std::function<void()> ready) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    require(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0, "wait for a descriptor");
    ready_[fd] = std::move(ready);
}

void EventLoop::remove(int fd) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    ready_.erase(fd);
}

void EventLoop::run() {
    std::array<epoll_event, 16> events{};
    while (!stopped_) {
        const int count = epoll_wait(epoll_.get(), events.data(), events.size(), -1);
        require(count >= 0 || errno == EINTR, "wait for events");
        for (int i = 0; i < count && !stopped_; ++i) {
            const auto found = ready_.find(events.at(static_cast<std::size_t>(i)).data.fd);
            if (found == ready_.end()) continue; // removed by the one before
            const auto ready = found->second;    // it may remove itself
            ready();
        }
    }
}

Timer::Timer() : fd_{timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)} {
    require(fd_.get() >= 0, "make a timer");
}

void Timer::set(std::chrono::nanoseconds first, std::chrono::nanoseconds interval) {
    const itimerspec times{.it_interval = to_timespec(interval), .it_value = to_timespec(first)};
    require(timerfd_settime(fd_.get(), 0, &times, nullptr) == 0, "set a timer");
}

void Timer::repeat(std::chrono::nanoseconds interval) {
    set(interval, interval);
}
void Timer::once(std::chrono::nanoseconds delay) {
    set(delay, {});
}
void Timer::stop() {
    set({}, {});
}

void Timer::acknowledge() {
    std::uint64_t expirations = 0;
    require(read(fd_.get(), &expirations, sizeof(expirations)) > 0 || errno == EAGAIN,
            "read a timer");
}

SignalReader::SignalReader(std::initializer_list<int> signals) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : signals) sigaddset(&set, signal);
    const int error = pthread_sigmask(SIG_BLOCK, &set, nullptr);
    if (error != 0) throw std::system_error(error, std::generic_category(), "block signals");
    fd_ = FileDescriptor{signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)};
    require(fd_.get() >= 0, "read signals");
}

std::optional<int> SignalReader::take() {
    signalfd_siginfo info{};
    if (read(fd_.get(), &info, sizeof(info)) != sizeof(info)) return std::nullopt;
    return static_cast<int>(info.ssi_signo);
}

} // namespace portscan
