// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace portscan {

/// A file, or standard input, read once from front to back, with gzip (RFC 1952, several members)
/// or zstd (RFC 8878, several frames) taken off. What it is compressed with is seen from its first
/// bytes. Never seeks; memory does not depend on the size of the file.
class CompressedInput {
  public:
    /// `-` is standard input. Throws std::system_error where it cannot be opened or read, and
    /// std::runtime_error for a terminal or a compression that is not supported; what() is one line
    /// that names the file.
    static CompressedInput open(const std::string &path);

    CompressedInput(CompressedInput &&) noexcept;
    CompressedInput &operator=(CompressedInput &&) noexcept;
    ~CompressedInput();

    /// Fills the start of `out` and returns how many bytes, at least 1 unless `out` is empty. As
    /// soon as something is there it returns. 0: the end, or failure() says what is wrong; every
    /// byte before that was handed out.
    std::size_t read(std::span<std::uint8_t> out) noexcept;
    /// Why the input ended early, one line without the file's name; empty if it did not.
    const std::string &failure() const;

    /// Bytes taken from the file so far, compressed as they are.
    std::uint64_t bytes_read() const;
    /// Size of the file, or what was left of it on standard input; 0 where it is not known.
    std::uint64_t file_size() const;

  private:
    struct State;
    explicit CompressedInput(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace portscan
