// SPDX-License-Identifier: GPL-2.0-or-later
// Captures of every format, compression and link layer, up to what would be run; and written again
// with comments, which changes nothing else.
#include "sim/capture.h"
#include "sim/dissect.h"
#include "sim/frame_fitter.h"
#include "tests/fuzz/fuzz.h"

#include <string_view>
#include <vector>

namespace {

using namespace portscan;

// What compression can make of a small input is bounded here, not in the reader.
constexpr std::uint64_t most_frames = 500;
constexpr std::uint64_t most_bytes = 4'000'000;
constexpr std::size_t max_frame_size = 73'152;

void check(const CapturedFrame &frame, FrameFitter &fitter) {
    fuzz::require(frame.bytes.size() <= frame.wire_length, "captured bytes were on the wire");
    fuzz::require(frame.time_ns <= INT64_MAX, "time is held");
    const Dissection seen = dissect(frame.bytes, frame.wire_length);
    const auto fitted = fitter.fit(frame, seen.decisive_length);
    if (const auto *const bytes = std::get_if<ByteView>(&fitted)) {
        fuzz::require(bytes->size() == frame.wire_length, "what is run has its length on the wire");
        fuzz::require(bytes->size() >= 14 && bytes->size() <= max_frame_size,
                      "what is run the kernel takes");
    }
    fuzz::require_message(summarize(frame.bytes, frame.wire_length));
}

void read_all(CaptureReader &reader) {
    FrameFitter fitter{max_frame_size};
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
    while (number < most_frames && bytes < most_bytes) {
        const auto frame = reader.next();
        if (!frame) break;
        fuzz::require(frame->number == ++number, "frames are counted one by one");
        bytes += frame->bytes.size();
        check(*frame, fitter);
    }
    if (!reader.damage().empty()) fuzz::require_message(reader.damage());
}

/// What has to be the same of a frame in the annotated capture.
struct Kept {
    Bytes bytes;
    std::uint64_t time_ns, wire_length;
    bool outgoing;

    bool operator==(const Kept &) const = default;
};

std::vector<Kept> frames_of(CaptureReader &reader, const auto &visit) {
    std::vector<Kept> frames;
    std::uint64_t bytes = 0;
    while (frames.size() < most_frames && bytes < most_bytes) {
        const auto frame = reader.next();
        if (!frame) break;
        bytes += frame->bytes.size();
        frames.push_back({{frame->bytes.begin(), frame->bytes.end()},
                          frame->time_ns,
                          frame->wire_length,
                          frame->outgoing});
        visit(*frame);
    }
    return frames;
}

void check_comment(const pcapng::Block &block, std::string_view comment) {
    const ByteView body = block.body();
    pcapng::OptionReader options{body.subspan(20 + pcapng::padded(block.order.get32(body, 12))),
                                 block.order};
    std::string_view last;
    while (const auto option = options.next())
        if (option->code == pcapng::option_comment)
            last = fuzz::text_of(option->value.data(), option->value.size());
    fuzz::require(last == comment, "our comment is the last one");
}

void check_annotated(const std::string &path) {
    constexpr std::string_view comment = "xdp: verdict=pass";
    const ByteView text{reinterpret_cast<const std::uint8_t *>(comment.data()), comment.size()};
    Bytes out, one;
    CaptureReader reader =
        CaptureReader::open(path, {.blocks = [&](const pcapng::Block &block) {
                                if (out.size() < most_bytes)
                                    out.insert(out.end(), block.bytes.begin(), block.bytes.end());
                            }});
    const auto before = frames_of(reader, [&](const CapturedFrame &frame) {
        pcapng::add_comment(one, frame.block, text);
        out.insert(out.end(), one.begin(), one.end());
    });
    if (out.size() >= most_bytes || before.empty()) return;
    const fuzz::MemoryFile copy{out.data(), out.size()};
    CaptureReader again =
        CaptureReader::open(copy.path(), {.blocks = [](const pcapng::Block &) {}});
    const auto after =
        frames_of(again, [&](const CapturedFrame &frame) { check_comment(frame.block, comment); });
    fuzz::require(after == before, "a comment changes no frame");
    fuzz::require(again.damage().empty(), "the annotated capture is whole");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const fuzz::MemoryFile file{data, size};
    try {
        auto reader = CaptureReader::open(file.path());
        read_all(reader);
        fuzz::require(reader.file_size() == size, "the file's size is known");
        fuzz::require(reader.bytes_read() <= size, "no more is read than there is");
        check_annotated(file.path());
    } catch (const CaptureError &error) {
        fuzz::require_message(error.what());
    }
    return 0;
}
