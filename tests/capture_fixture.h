// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture.h"
#include "tests/capture_bytes.h"
#include "tests/temporary_directory.h"

#include <bit>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace portscan::test {

/// A frame that outlives the reader's buffer.
struct Copy {
    CapturedFrame frame;
    Bytes bytes;
};

/// Names the tests of both byte orders.
inline std::string byte_order_name(const testing::TestParamInfo<std::endian> &info) {
    return info.param == std::endian::big ? "Big" : "Little";
}

class CaptureFixture : public testing::Test {
  protected:
    std::vector<Copy> read(ByteView file, const CaptureOptions &options = {}) {
        CaptureReader reader = CaptureReader::open(directory.write("x.pcap", file), options);
        std::vector<Copy> frames;
        while (const auto frame = reader.next())
            frames.push_back({*frame, {frame->bytes.begin(), frame->bytes.end()}});
        damage = reader.damage();
        return frames;
    }
    std::string error_of(const std::string &path, const CaptureOptions &options = {}) {
        try {
            CaptureReader::open(path, options);
        } catch (const CaptureError &error) {
            return error.what();
        }
        return "no error";
    }

    test::TemporaryDirectory directory;
    std::string damage;
};

} // namespace portscan::test
