// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

/// What libFuzzer calls for each input, and replay.cpp for each that is kept.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

namespace portscan::fuzz {

/// Ends the process; libFuzzer keeps the input.
[[noreturn]] inline void fail(const char *what) {
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

/// A property that has to hold for every input.
inline void require(bool holds, const char *property) {
    if (!holds) fail(property);
}

inline std::string_view text_of(const std::uint8_t *data, std::size_t size) {
    return {reinterpret_cast<const char *>(data), size};
}

/// What is refused is refused with a reason. (The console makes control characters blanks.)
inline void require_message(std::string_view message) {
    require(!message.empty(), "a message says something");
}

/// An input as a file that never touches a disk.
class MemoryFile {
  public:
    MemoryFile(const std::uint8_t *data, std::size_t size) :
        descriptor_{memfd_create("fuzz", MFD_CLOEXEC)} {
        const ssize_t written = write(descriptor_, data, size);
        require(written == static_cast<ssize_t>(size), "memory holds the input");
    }
    MemoryFile(const MemoryFile &) = delete;
    MemoryFile &operator=(const MemoryFile &) = delete;
    ~MemoryFile() { close(descriptor_); }

    /// A new open file each time, hence read from the front.
    std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

  private:
    int descriptor_;
};

} // namespace portscan::fuzz
