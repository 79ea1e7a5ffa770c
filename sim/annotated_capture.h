// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture_file.h"
#include "sim/pcapng.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace portscan {

/// Captures written again as one pcapng, a comment added to each packet; `-` is standard output.
/// Whole blocks only, so that it can be read as far as it was written. Everything throws
/// CaptureError.
class AnnotatedCapture {
  public:
    /// Overwrites an existing file.
    static AnnotatedCapture create(const std::string &path) { return AnnotatedCapture{path}; }

    /// A block as it is: CaptureOptions::blocks.
    void copy(const pcapng::Block &block) { put(block.bytes); }
    /// CapturedFrame::block, with its last comment.
    void packet(const pcapng::Block &block, std::string_view comment);
    /// A section for Ethernet frames that no capture holds, and such a frame.
    void start_frames();
    void frame(std::uint64_t time_ns, ByteView bytes, std::string_view comment);
    /// Completes it. Where nothing was written there is no file.
    void close();

  private:
    explicit AnnotatedCapture(const std::string &path) : file_{path} {}
    void put(ByteView bytes);

    CaptureFile file_;
    Bytes block_{}, frame_{};
    bool written_ = false;
};

} // namespace portscan
