// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace portscan {

/// A directory of a BPF file system that holds what outlives a process: maps, programs and links,
/// 0600 in a directory 0700 of its own. All failures are std::system_error of one line.
class PinDirectory {
  public:
    /// Opens the directory and makes it where there is none; mounts a BPF file system where none
    /// is mounted and the process may, at /sys/fs/bpf or on an empty folder. Fails with EPERM where
    /// the directory is another user's.
    static PinDirectory create(const std::string &path_given);
    /// Opens the directory; nothing if there is none.
    static std::optional<PinDirectory> open(const std::string &path_given);

    const std::string &path() const { return path_; }
    /// The directory itself, which carries the lock of InstanceLock.
    int descriptor() const { return directory_.get(); }

    /// A descriptor of the pinned object; -1 if there is none of that name.
    FileDescriptor get(const std::string &name) const;
    /// Pins the object, in one step in place of one that has the name already.
    void pin(int fd, const std::string &name) const;
    /// False if there was none. Never fails with ENOENT.
    bool unpin(const std::string &name) const;
    /// Names of all that is in the directory, sorted.
    std::vector<std::string> names() const;

    /// A folder in the directory as a mark that other processes see.
    void set_mark(const std::string &name) const;
    bool has_mark(const std::string &name) const;
    void clear_mark(const std::string &name) const;

    /// Removes the directory where it is empty; what somebody else put there keeps it.
    void remove_if_empty() const;

  private:
    PinDirectory(std::string path, FileDescriptor directory);
    std::string path_of(const std::string &name) const { return path_ + "/" + name; }

    std::string path_;
    FileDescriptor directory_;
};

/// At most one process of a pin directory holds this: who runs, loads or unloads. It is given up
/// with the last copy of the descriptor, hence with the process, however that ends.
class InstanceLock {
  public:
    /// Nothing if another process holds it.
    static std::optional<InstanceLock> take(const PinDirectory &directory);
    /// Takes over the lock that was kept across an exec; nothing unless `fd` is that directory's.
    static std::optional<InstanceLock> inherit(const PinDirectory &directory, int fd);
    /// Who holds it, as far as /proc/locks shows; 0: somebody that cannot be seen from here;
    /// nothing: nobody.
    static std::optional<pid_t> holder(const PinDirectory &directory);

    /// The descriptor, from now on kept across exec.
    int keep_across_exec() const;

  private:
    explicit InstanceLock(FileDescriptor fd) : fd_{std::move(fd)} {}
    FileDescriptor fd_;
};

/// Name of the pin of an interface's link: `link_eth0`. BPF file systems take no dot in a name, so
/// that and `%` are written as `%2e` and `%25`.
std::string link_pin_name(std::string_view interface);
/// The interface of such a name; nothing if it is no link's.
std::optional<std::string> interface_of_pin(std::string_view pin_name);

} // namespace portscan
