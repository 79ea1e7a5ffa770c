// SPDX-License-Identifier: GPL-2.0-or-later
// Captures of every format, compression and link layer, up to what would be run.
#include "sim/capture.h"
#include "sim/dissect.h"
#include "sim/frame_fitter.h"
#include "tests/fuzz/fuzz.h"

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

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const fuzz::MemoryFile file{data, size};
    try {
        auto reader = CaptureReader::open(file.path());
        read_all(reader);
        fuzz::require(reader.file_size() == size, "the file's size is known");
        fuzz::require(reader.bytes_read() <= size, "no more is read than there is");
    } catch (const CaptureError &error) {
        fuzz::require_message(error.what());
    }
    return 0;
}
