// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unistd.h>

namespace portscan::test {

/// The calling thread in a network namespace of its own, for as long as this lives. Without the
/// right to make one it becomes root of a user namespace of its own first, and stays it.
class NetworkNamespace {
  public:
    NetworkNamespace() : home_{open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)} {
        if (unshare(CLONE_NEWNET) == 0) return;
        const std::string uid = std::to_string(geteuid());
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
            throw std::system_error(errno, std::generic_category(), "make a network namespace");
        write_file("/proc/self/setgroups", "deny");
        write_file("/proc/self/uid_map", "0 " + uid + " 1");
        home_ = FileDescriptor{};
    }
    NetworkNamespace(const NetworkNamespace &) = delete;
    NetworkNamespace &operator=(const NetworkNamespace &) = delete;
    ~NetworkNamespace() {
        if (home_.get() >= 0) setns(home_.get(), CLONE_NEWNET);
    }

    /// `ip ARGUMENTS` inside; throws where it fails.
    void ip(const std::string &arguments) const {
        const std::string command = "PATH=$PATH:/usr/sbin:/sbin ip " + arguments;
        if (std::system(command.c_str()) != 0) throw std::runtime_error{"failed: " + command};
    }

  private:
    static void write_file(const char *path, const std::string &text) {
        const FileDescriptor file{open(path, O_WRONLY | O_CLOEXEC)};
        if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
            throw std::system_error(errno, std::generic_category(), path);
    }

    FileDescriptor home_;
};

} // namespace portscan::test
