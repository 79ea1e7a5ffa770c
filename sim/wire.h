// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/frame.h"

#include <cstddef>
#include <cstdint>

namespace portscan::wire {

// Numbers in network byte order, appended to and read from frames.

inline void put8(Bytes &out, unsigned value) {
    out.push_back(static_cast<std::uint8_t>(value));
}
inline void put16(Bytes &out, unsigned value) {
    put8(out, value >> 8);
    put8(out, value);
}
inline void put32(Bytes &out, std::uint32_t value) {
    put16(out, value >> 16);
    put16(out, value);
}
inline void put(Bytes &out, ByteView bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}
inline void put_zeros(Bytes &out, std::size_t count) {
    out.resize(out.size() + count);
}

inline void set16(Bytes &bytes, std::size_t offset, unsigned value) {
    bytes.at(offset) = static_cast<std::uint8_t>(value >> 8);
    bytes.at(offset + 1) = static_cast<std::uint8_t>(value);
}
/// The caller has checked that offset + 2 lies within `bytes`.
inline std::uint16_t get16(ByteView bytes, std::size_t offset) {
    return static_cast<std::uint16_t>(bytes[offset] << 8 | bytes[offset + 1]);
}

/// The Internet checksum (RFC 1071) of a message added in pieces, in any order; only the message's
/// last piece may have an odd length.
class Checksum {
  public:
    Checksum &add(ByteView bytes) {
        std::size_t i = 0;
        for (; i + 1 < bytes.size(); i += 2) sum_ += get16(bytes, i);
        if (i < bytes.size()) sum_ += static_cast<std::uint64_t>(bytes[i]) << 8;
        return *this;
    }
    Checksum &add(std::uint32_t value) {
        sum_ += value;
        return *this;
    }
    std::uint16_t value() const {
        std::uint64_t sum = sum_;
        while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
        return static_cast<std::uint16_t>(~sum);
    }

  private:
    std::uint64_t sum_ = 0;
};

} // namespace portscan::wire
