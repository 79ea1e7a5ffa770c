// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"

#include <optional>
#include <string>

namespace portscan {

/// The new content of a file, which takes its place when it is whole. Until then it has no name, so
/// that neither a full disk nor a signal leaves a part of it, or takes what the file held before.
class Replacement {
  public:
    /// Nothing where that cannot be: `path` is something else than a file of one name, of this user
    /// and group, that can be written and that nobody here has open; or its file system has no
    /// files without a name (O_TMPFILE, open(2)).
    static std::optional<Replacement> begin(const std::string &path);

    /// By which it can be opened, and written.
    std::string path() const;
    /// Where no name can be given, as at a mount point, the content is copied. Throws
    /// std::system_error.
    void commit();

  private:
    Replacement(std::string target, FileDescriptor file);
    bool take_place() const;

    std::string target_;
    FileDescriptor file_;
};

} // namespace portscan
