// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace portscan::test {

/// Runs `body` in a child process of its own, where privileges can be given up for good, and
/// returns what it returns, or the message of what it throws; of up to 4,096 bytes.
inline std::string in_child(const std::function<std::string()> &body) {
    int ends[2];
    if (pipe(ends) != 0) return "no pipe";
    const pid_t child = fork();
    if (child == 0) {
        std::string text;
        try {
            text = body();
        } catch (const std::exception &error) {
            text = error.what();
        }
        const bool told =
            write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
        _exit(told ? 0 : 1);
    }
    close(ends[1]);
    std::string text(4'096, '\0');
    const ssize_t size = read(ends[0], text.data(), text.size());
    close(ends[0]);
    int status = -1;
    waitpid(child, &status, 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return status == 0 ? text : text + "the child failed";
}

} // namespace portscan::test
