// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/compressed_input.h"
#include "sim/frame.h"
#include "sim/snap_length.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

namespace portscan {

/// A capture file as bytes, or as the stdio stream that libpcap reads: uncompressed, a pcap without
/// its snap length, and with a large buffer, so that a packet costs no system call. Stays where it
/// is, because the stream points to it.
class CaptureStream {
  public:
    /// `-` is standard input. Throws as CompressedInput::open does.
    explicit CaptureStream(const std::string &path);
    CaptureStream(const CaptureStream &) = delete;
    CaptureStream &operator=(const CaptureStream &) = delete;

    /// The first four bytes, fewer where there are no more, before anything else is read.
    ByteView peek();
    /// As CompressedInput::read.
    std::size_t read(std::span<std::uint8_t> out);
    /// A new stream over the input, to be closed with fclose() before this object goes. Call it
    /// once. Throws std::system_error.
    std::FILE *open_stdio();

    /// Bytes handed out so far.
    std::uint64_t bytes_delivered() const { return delivered_; }
    const CompressedInput &input() const { return input_; }

  private:
    static ssize_t read_cookie(void *cookie, char *buffer, std::size_t size);

    CompressedInput input_;
    std::array<std::uint8_t, 4> peeked_{};
    std::size_t peeked_size_ = 0, peeked_taken_ = 0;
    SnapLengthRemover snap_lengths_;
    std::unique_ptr<char[]> buffer_; ///< of the stdio stream
    std::uint64_t delivered_ = 0;
};

} // namespace portscan
