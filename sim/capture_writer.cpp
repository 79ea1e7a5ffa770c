// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/capture.h"
#include "sim/capture_file.h"

#include <algorithm>

namespace portscan {
namespace {

constexpr std::uint32_t snap_length = 262'144; // what libpcap takes at most
constexpr std::uint64_t ns_per_second = 1'000'000'000;

/// Both structures are written in the byte order of this machine; the magic tells readers which
/// (draft-ietf-opsawg-pcap).
struct FileHeader {
    std::uint32_t magic = 0xa1b23c4d; // nanoseconds
    std::uint16_t version_major = 2;
    std::uint16_t version_minor = 4;
    std::uint32_t reserved[2] = {};
    std::uint32_t snap_length = portscan::snap_length;
    std::uint32_t link_type = 1; // LINKTYPE_ETHERNET
};
static_assert(sizeof(FileHeader) == 24);

struct RecordHeader {
    std::uint32_t seconds = 0;
    std::uint32_t nanoseconds = 0;
    std::uint32_t captured_length = 0;
    std::uint32_t wire_length = 0;
};
static_assert(sizeof(RecordHeader) == 16);

template <typename Header>
ByteView bytes_of(const Header &header) {
    return {reinterpret_cast<const std::uint8_t *>(&header), sizeof header};
}

} // namespace

struct CaptureWriter::State {
    CaptureFile file;
};

CaptureWriter CaptureWriter::create(const std::string &path) {
    auto state = std::make_unique<State>(State{CaptureFile{path}});
    state->file.put(bytes_of(FileHeader{}));
    return CaptureWriter{std::move(state)};
}

CaptureWriter::CaptureWriter(std::unique_ptr<State> state) : state_{std::move(state)} {}
CaptureWriter::CaptureWriter(CaptureWriter &&) noexcept = default;
CaptureWriter &CaptureWriter::operator=(CaptureWriter &&) noexcept = default;
CaptureWriter::~CaptureWriter() = default;

void CaptureWriter::write(std::uint64_t time_ns, ByteView bytes, std::uint64_t wire_length) {
    const ByteView kept = bytes.first(std::min<std::size_t>(bytes.size(), snap_length));
    const std::uint64_t length = std::max<std::uint64_t>(wire_length, bytes.size());
    const std::uint64_t seconds = time_ns / ns_per_second;
    const bool fits = seconds <= UINT32_MAX;
    const RecordHeader header{
        .seconds = static_cast<std::uint32_t>(fits ? seconds : UINT32_MAX),
        .nanoseconds =
            static_cast<std::uint32_t>(fits ? time_ns % ns_per_second : ns_per_second - 1),
        .captured_length = static_cast<std::uint32_t>(kept.size()),
        .wire_length = static_cast<std::uint32_t>(std::min<std::uint64_t>(length, UINT32_MAX))};
    state_->file.put(bytes_of(header));
    state_->file.put(kept);
}

void CaptureWriter::close() {
    state_->file.close();
}

} // namespace portscan
