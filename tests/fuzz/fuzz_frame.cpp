// SPDX-License-Identifier: GPL-2.0-or-later
// One record of a capture: its link layer, what is read of the frame, and its row of text.
#include "sim/dissect.h"
#include "sim/link_layer.h"
#include "sim/packet_text.h"
#include "tests/fuzz/fuzz.h"

#include <algorithm>

namespace {

using namespace portscan;

constexpr std::size_t control_bytes = 3;

/// The frame that a record of that link layer is presented as; nothing where it has none.
std::optional<Bytes> frame_of(LinkLayer layer, ByteView record) {
    if (layer == LinkLayer::ethernet) return Bytes{record.begin(), record.end()};
    const auto form = ethernet_form(layer, record);
    if (!form) return std::nullopt;
    fuzz::require(form->stripped <= record.size() && form->stripped == link_header_size(layer),
                  "what is stripped is the link layer's header");
    Bytes frame{form->header.begin(), form->header.end()};
    const ByteView payload = record.subspan(form->stripped);
    frame.insert(frame.end(), payload.begin(), payload.end());
    return frame;
}

/// What the row of a frame sends is read as what the row says.
void check_row(const Dissection &seen) {
    const auto row = row_of(seen, std::chrono::nanoseconds{0});
    if (!row) return;
    const Bytes bytes = row->packet().bytes();
    const Dissection again = dissect(bytes, bytes.size());
    fuzz::require(again.source == seen.source && again.destination == seen.destination &&
                      again.destination_port == seen.destination_port &&
                      again.fragment == seen.fragment && again.is_probe == seen.is_probe,
                  "the row of a frame sends such a frame");
    fuzz::require(parse_packet_text(row->to_string()).size() == 1, "the row of a frame is a row");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    if (size < control_bytes) return 0;
    const auto layer = static_cast<LinkLayer>(data[0] % 7);
    const std::size_t beyond = data[1] << 8 | data[2]; // on the wire, and not captured
    const auto frame = frame_of(layer, {data + control_bytes, size - control_bytes});
    if (!frame) return 0;

    const std::uint64_t wire_length = frame->size() + beyond;
    const Dissection seen = dissect(*frame, wire_length);
    fuzz::require(seen.decisive_length <= wire_length, "what decides was on the wire");
    fuzz::require_message(summarize(*frame, wire_length));
    if (seen.decisive_length <= frame->size()) {
        const auto decisive = ByteView{*frame}.first(seen.decisive_length);
        fuzz::require(dissect(decisive, wire_length) == seen, "only what decides decides");
        check_row(seen);
    }
    return 0;
}
