// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace portscan {

/// Owns a file descriptor and closes it; -1 is none.
class FileDescriptor {
  public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) : fd_{fd} {}
    FileDescriptor(FileDescriptor &&other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    FileDescriptor &operator=(FileDescriptor &&other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~FileDescriptor() {
        if (fd_ >= 0) close(fd_);
    }

    /// A descriptor of its own for the same file. Throws std::system_error.
    static FileDescriptor duplicate(int fd) {
        const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (copy < 0)
            throw std::system_error(errno, std::generic_category(), "duplicate descriptor");
        return FileDescriptor{copy};
    }

    int get() const { return fd_; }

  private:
    int fd_ = -1;
};

} // namespace portscan
