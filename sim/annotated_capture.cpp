// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/annotated_capture.h"

#include "sim/capture.h"

namespace portscan {

void AnnotatedCapture::packet(const pcapng::Block &block, std::string_view comment) {
    pcapng::add_comment(block_, block,
                        {reinterpret_cast<const std::uint8_t *>(comment.data()), comment.size()});
    put(block_);
}

void AnnotatedCapture::start_frames() {
    constexpr std::uint16_t link_ethernet = 1;
    pcapng::make_section_header(block_, {});
    put(block_);
    pcapng::make_interface(block_, link_ethernet, 0, {});
    put(block_);
}

void AnnotatedCapture::frame(std::uint64_t time_ns, ByteView bytes, std::string_view comment) {
    pcapng::make_enhanced_packet(frame_,
                                 {.interface_id = 0,
                                  .ticks = time_ns,
                                  .wire_length = static_cast<std::uint32_t>(bytes.size()),
                                  .bytes = bytes},
                                 {});
    packet({.type = pcapng::enhanced_packet, .order = {}, .bytes = frame_}, comment);
}

void AnnotatedCapture::put(ByteView bytes) {
    try {
        file_.put(bytes);
    } catch (const CaptureError &) {
        file_.remove(); // it would end within a block
        throw;
    }
    written_ = true;
}

void AnnotatedCapture::close() {
    if (!written_) return file_.remove();
    file_.close();
}

} // namespace portscan
