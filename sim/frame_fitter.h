// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

namespace portscan {

/// Why a record was not run.
enum class Skip : std::uint8_t {
    too_short,   ///< below 14 bytes: the kernel runs no program on it
    too_long,    ///< beyond what the kernel takes
    undecidable, ///< cut by the snap length before the last byte that decides
    outgoing,    ///< sent by the capturing host
};
inline constexpr std::size_t skip_count = 4;
std::string_view to_string(Skip skip);

/// Gives a captured frame the bytes that it had on the wire, or says why it cannot be run.
class FrameFitter {
  public:
    explicit FrameFitter(std::size_t max_frame_size) : padded_(max_frame_size) {}

    /// `decisive_length` is that of the frame's dissection. Where only payload was cut off, zeroes
    /// stand for it. The bytes are valid until the next call and as long as those of the frame.
    std::variant<ByteView, Skip> fit(const CapturedFrame &frame, std::size_t decisive_length);

  private:
    Bytes padded_; ///< a cut frame at its length on the wire
};

} // namespace portscan
