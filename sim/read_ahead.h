// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture.h"

#include <cstdint>
#include <memory>

namespace portscan {

/// The frames of a capture, read and dissected by a thread of its own that is some batches ahead:
/// reading and decompressing costs about as much as running the frames does. Memory is that of the
/// batches, 4 MiB in all, and of the largest frame of each.
class ReadAhead {
  public:
    /// Worth its while, and safe: a file of some size, whose reading cannot wait for somebody as
    /// that of a pipe can, and a CPU for the thread.
    static bool pays_for(const CaptureReader &reader);

    /// From here on until it goes the reader is the thread's. The reader has to have no visitor of
    /// blocks (CaptureOptions::blocks).
    explicit ReadAhead(CaptureReader &reader);
    ReadAhead(const ReadAhead &) = delete;
    ReadAhead &operator=(const ReadAhead &) = delete;
    ~ReadAhead(); ///< waits until the thread has ended

    /// As CaptureReader::next(), except for CapturedFrame::block, and with its dissection; valid
    /// until the next call. Null at the end. Throws what that threw.
    const CapturedFrame *next();
    /// Bytes of the file behind the frames that were handed out, and those of their batch.
    std::uint64_t bytes_read() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace portscan
