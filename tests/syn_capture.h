// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture.h"
#include "sim/packet.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace portscan {

/// When captures of tests begin, in ns since 1970: 2023-11-14 22:13:20 UTC.
inline constexpr std::uint64_t capture_epoch = 1'700'000'000'000'000'000;

/// Writes a capture of SYNs to 10.0.0.9, the first at `capture_epoch`, the others `apart` from one
/// another.
class SynCapture {
  public:
    explicit SynCapture(std::string path,
                        std::chrono::nanoseconds apart = std::chrono::seconds{1}) :
        path_(std::move(path)),
        writer_(CaptureWriter::create(path_)),
        apart_ns_(static_cast<std::uint64_t>(apart.count())) {}

    SynCapture &from(const std::string &source, const std::vector<std::uint16_t> &ports) {
        for (const std::uint16_t port : ports) {
            writer_.write(time_ns_, tcp(source.c_str(), "10.0.0.9", port, "S").bytes());
            time_ns_ += apart_ns_;
        }
        return *this;
    }
    /// The path of the capture, which is whole then.
    std::string close() {
        writer_.close();
        return path_;
    }

  private:
    std::string path_;
    CaptureWriter writer_;
    std::uint64_t apart_ns_, time_ns_ = capture_epoch;
};

} // namespace portscan
