// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/capture_stream.h"

#include <algorithm>
#include <cerrno>
#include <stdio_ext.h>
#include <system_error>

namespace portscan {
namespace {

constexpr std::size_t stdio_buffer_size = 256 * 1024;

} // namespace

CaptureStream::CaptureStream(const std::string &path) : input_{CompressedInput::open(path)} {}

std::FILE *CaptureStream::open_stdio() {
    const cookie_io_functions_t functions{
        .read = read_cookie, .write = nullptr, .seek = nullptr, .close = nullptr};
    std::FILE *const stream = fopencookie(this, "rb", functions);
    if (stream == nullptr) throw std::system_error{errno, std::generic_category(), "fopencookie"};
    buffer_ = std::make_unique_for_overwrite<char[]>(stdio_buffer_size);
    // A null pointer would make the C library ignore the size.
    setvbuf(stream, buffer_.get(), _IOFBF, stdio_buffer_size);
    __fsetlocking(stream, FSETLOCKING_BYCALLER); // one reader; locks cost 18 ns a packet
    return stream;
}

ByteView CaptureStream::peek() {
    while (peeked_size_ < peeked_.size()) {
        const std::size_t count = input_.read(std::span{peeked_}.subspan(peeked_size_));
        if (count == 0) break;
        peeked_size_ += count;
    }
    return {peeked_.data(), peeked_size_};
}

std::size_t CaptureStream::read(std::span<std::uint8_t> out) {
    std::size_t count = std::min(peeked_size_ - peeked_taken_, out.size());
    if (count > 0) {
        std::copy_n(peeked_.begin() + static_cast<std::ptrdiff_t>(peeked_taken_), count,
                    out.begin());
        peeked_taken_ += count;
    } else {
        count = input_.read(out);
    }
    snap_lengths_.process(out.first(count));
    delivered_ += count;
    return count;
}

ssize_t CaptureStream::read_cookie(void *cookie, char *buffer, std::size_t size) {
    auto &self = *static_cast<CaptureStream *>(cookie);
    const std::size_t count = self.read({reinterpret_cast<std::uint8_t *>(buffer), size});
    if (count > 0 || self.input_.failure().empty()) return static_cast<ssize_t>(count);
    errno = EIO;
    return -1;
}

} // namespace portscan
