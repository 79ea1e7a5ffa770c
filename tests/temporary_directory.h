// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace portscan::test {

/// A directory of its own for a test, removed with all that is in it.
class TemporaryDirectory {
  public:
    TemporaryDirectory() : path_{std::filesystem::temp_directory_path() / "portscan-test-XXXXXX"} {
        std::string name = path_.string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error{"cannot create " + name};
        path_ = name;
    }
    TemporaryDirectory(const TemporaryDirectory &) = delete;
    TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;
    ~TemporaryDirectory() {
        std::error_code not_thrown;
        std::filesystem::remove_all(path_, not_thrown);
    }

    std::string operator/(const std::string &name) const { return (path_ / name).string(); }

    /// Writes a file and returns its path. Replaces instead of truncating, which on ext4 waits for
    /// the disk.
    std::string write(const std::string &name, ByteView bytes) const {
        std::filesystem::remove(path_ / name);
        std::ofstream file{path_ / name, std::ios::binary};
        file.write(reinterpret_cast<const char *>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
        if (!file.flush()) throw std::runtime_error{"cannot write " + name};
        return *this / name;
    }

  private:
    std::filesystem::path path_;
};

} // namespace portscan::test
