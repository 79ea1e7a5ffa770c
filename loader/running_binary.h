// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/pins.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace portscan {

/// The file that this process runs, to be replaced by a newer one in its place.
class RunningBinary {
  public:
    /// Remembers the file. `arguments`: those of main().
    RunningBinary(int argc, char **argv);

    /// Another file has its path now.
    bool has_changed() const;
    /// Runs that one in this process, with the same arguments and environment; the lock goes on.
    /// Returns only where the kernel refuses: the error.
    int replace(const InstanceLock &lock) const;

    /// The lock's descriptor in a process that replace() started; the variable that tells is
    /// removed.
    static std::optional<int> take_inherited_lock();

  private:
    struct Identity {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::int64_t modified_ns = 0;
        bool operator==(const Identity &) const = default;
    };
    static std::optional<Identity> identify(const std::string &path);

    std::string path_;
    std::vector<std::string> arguments_;
    std::optional<Identity> identity_;
};

} // namespace portscan
