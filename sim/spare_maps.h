// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"

#include <bpf/bpf.h>
#include <functional>
#include <mutex>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace portscan {

/// All that makes a hash map: two with the same can stand for each other.
struct SpareKind {
    std::string name;  ///< in the kernel
    std::string types; ///< a digest of the BTF that the ids of its types are of
    __u32 key_size = 0, value_size = 0, max_entries = 0, flags = 0;
    __u32 key_type = 0, value_type = 0; ///< BTF ids

    bool operator==(const SpareKind &) const = default;
};

/// The large hash maps of one detector, which at its end are kept for the next one of this process.
/// The kernel allocates a map of a million records as a whole, and takes 50 to 400 ms for it; to
/// empty one it takes some ms. Suites of small cases did little else.
class LentMaps {
  public:
    LentMaps();
    LentMaps(const LentMaps &) = delete;
    LentMaps &operator=(const LentMaps &) = delete;
    /// Nobody may use them any more. A child that inherits this over fork() only closes them.
    ~LentMaps();

    /// The kernel takes ten milliseconds for it, or more. Others are made quickly.
    static bool is_large(const SpareKind &kind);
    /// An empty map of that kind, which lives as long as this: a spare one, or what `create`
    /// makes. Several threads may ask at once. Throws what that throws, and std::system_error.
    int get(const SpareKind &kind, const std::function<FileDescriptor()> &create);

  private:
    std::mutex mutex_{};
    std::vector<std::pair<SpareKind, FileDescriptor>> maps_{}; ///< under the mutex
    pid_t process_;
};

} // namespace portscan
