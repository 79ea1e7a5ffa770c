// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/frame_fitter.h"

#include "sim/test_run.h"

#include <algorithm>

namespace portscan {

std::string_view to_string(Skip skip) {
    switch (skip) {
    case Skip::too_short:
        return "too_short";
    case Skip::too_long:
        return "too_long";
    case Skip::undecidable:
        return "undecidable";
    case Skip::outgoing:
        return "outgoing";
    }
    return "outgoing";
}

std::variant<ByteView, Skip> FrameFitter::fit(const CapturedFrame &frame,
                                              std::size_t decisive_length) {
    const std::uint64_t length = std::max<std::uint64_t>(frame.wire_length, frame.bytes.size());
    if (frame.outgoing) return Skip::outgoing;
    if (length < min_frame_size) return Skip::too_short;
    if (length > padded_.size()) return Skip::too_long;
    if (!frame.cut()) return frame.bytes;
    if (decisive_length > frame.bytes.size()) return Skip::undecidable;

    const auto rest = std::copy(frame.bytes.begin(), frame.bytes.end(), padded_.begin());
    const auto end = padded_.begin() + static_cast<std::ptrdiff_t>(length);
    std::fill(rest, end, std::uint8_t{0});
    return ByteView{padded_.data(), length};
}

} // namespace portscan
