// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace portscan {

/// The frames of a capture, read and dissected by a thread of its own that is some batches ahead:
/// reading and decompressing costs about as much as running the frames does. What is to be done
/// with frames after they were run can be that thread's work, too. Memory is that of the batches, 4
/// MiB in all, and of the largest frame of each.
class ReadAhead {
  public:
    /// Worth its while, and safe: a file of some size, whose reading cannot wait for somebody as
    /// that of a pipe can, and a CPU for the thread.
    static bool pays_for(const CaptureReader &reader);

    /// Given the frames of one next() after the other, each some time after the next one was asked
    /// for; never without any. What it throws, next() or finish() throws.
    using Afterwards = std::function<void(std::span<const CapturedFrame>)>;

    /// From here on until it goes the reader is the thread's. The reader has to have no visitor of
    /// blocks (CaptureOptions::blocks). `afterwards` may be empty.
    explicit ReadAhead(CaptureReader &reader, Afterwards afterwards = {});
    ReadAhead(const ReadAhead &) = delete;
    ReadAhead &operator=(const ReadAhead &) = delete;
    ~ReadAhead(); ///< waits until the thread has ended

    /// The next records, some hundreds, of small ones up to two thousand: each as
    /// CaptureReader::next() gives it, except for CapturedFrame::block, and with its dissection;
    /// valid until the next call. None at the end, and after finish(). Throws what that threw,
    /// once.
    std::span<const CapturedFrame> next();
    /// Nothing is asked for any more: waits until `afterwards` was given all that next() was asked
    /// for, the last one included.
    void finish();
    /// Bytes of the file behind the frames that were handed out.
    std::uint64_t bytes_read() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace portscan
