// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame.h"
#include "sim/replacement.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// A capture that is written, with a large buffer; `-` is standard output. Everything throws
/// CaptureError with a line that names the file.
class CaptureFile {
  public:
    /// An existing file is replaced by close(), and stays where it never comes to that, as far as
    /// Replacement can do it.
    explicit CaptureFile(const std::string &path);

    void put(ByteView bytes);
    bool is_open() const { return stream_ != nullptr; }
    /// Flushes and closes.
    void close();
    /// Closes and takes the file away, where it is one.
    void remove() noexcept;

  private:
    [[noreturn]] void fail(int error) const;

    std::string path_;
    std::optional<Replacement> replacement_;
    std::vector<char> buffer_; // outlives the stream
    std::unique_ptr<std::FILE, int (*)(std::FILE *)> stream_;
};

} // namespace portscan
