// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/capture.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace portscan {
namespace {

constexpr std::size_t buffer_size = 256 * 1024;
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

} // namespace

struct CaptureWriter::State {
    State(const std::string &path, std::FILE *stream) :
        name{path == "-" ? "standard output" : path},
        buffer(buffer_size),
        file{stream, std::fclose} {}

    void put(const void *bytes, std::size_t size) {
        if (std::fwrite(bytes, 1, size, file.get()) != size) fail(errno);
    }
    [[noreturn]] void fail(int error) const {
        throw CaptureError{
            fmt::format("cannot write {}: {}", name, std::generic_category().message(error))};
    }

    std::string name;
    std::vector<char> buffer; // outlives the stream
    std::unique_ptr<std::FILE, int (*)(std::FILE *)> file;
};

CaptureWriter CaptureWriter::create(const std::string &path) {
    std::FILE *const file = path == "-" ? fdopen(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0), "wb")
                                        : std::fopen(path.c_str(), "wbe");
    const int error = errno;
    auto state = std::make_unique<State>(path, file);
    if (file == nullptr) state->fail(error);
    setvbuf(file, state->buffer.data(), _IOFBF, state->buffer.size());
    const FileHeader header;
    state->put(&header, sizeof header);
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
    state_->put(&header, sizeof header);
    if (!kept.empty()) state_->put(kept.data(), kept.size());
}

void CaptureWriter::close() {
    if (!state_->file) return;
    if (std::fclose(state_->file.release()) != 0) state_->fail(errno);
}

} // namespace portscan
