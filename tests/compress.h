// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame.h"

#include <stdexcept>
#include <zlib.h>
#include <zstd.h>

namespace portscan::test {

/// One gzip member.
inline Bytes gzip(ByteView bytes) {
    z_stream stream{};
    if (deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::runtime_error{"deflateInit2"};
    Bytes out(deflateBound(&stream, bytes.size()));
    stream.next_in = const_cast<Bytef *>(bytes.data());
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    const int status = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (status != Z_STREAM_END) throw std::runtime_error{"deflate"};
    return out;
}

/// One zstd frame.
inline Bytes zstd(ByteView bytes) {
    Bytes out(ZSTD_compressBound(bytes.size()));
    const std::size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3);
    if (ZSTD_isError(size) != 0) throw std::runtime_error{"ZSTD_compress"};
    out.resize(size);
    return out;
}

inline Bytes operator+(Bytes first, const Bytes &second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

} // namespace portscan::test
