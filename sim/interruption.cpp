// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/interruption.h"

#include <array>
#include <atomic>
#include <csignal>

namespace portscan {
namespace {

constexpr std::array caught_signals{SIGINT, SIGTERM};

std::atomic<int> received_signal = 0; // also read by threads
static_assert(std::atomic<int>::is_always_lock_free, "set by a signal handler");

void receive(int number) {
    received_signal = number;
}

/// A signal that is ignored stays so: nohup(1), or a background job of a shell.
void handle(int number, void (*handler)(int), int flags) {
    struct sigaction present {};
    if (sigaction(number, nullptr, &present) != 0 || present.sa_handler == SIG_IGN) return;
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigaction(number, &action, nullptr);
}

} // namespace

Interruption::Interruption() {
    received_signal = 0;
    for (const int number : caught_signals) handle(number, receive, SA_RESETHAND);
}

Interruption::~Interruption() {
    for (const int number : caught_signals) handle(number, SIG_DFL, 0);
}

bool Interruption::interrupted() const {
    return received_signal != 0;
}

void Interruption::pass_on() const {
    if (received_signal == 0) return;
    handle(received_signal, SIG_DFL, 0);
    std::raise(received_signal);
}

} // namespace portscan
