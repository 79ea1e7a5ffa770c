// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/detector.h"
#include "sim/frame.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace portscan::bench {

/// A scan, web browsing and a flood of random sources, mixed: the first `count` frames.
std::vector<Frame> mixed_frames(std::size_t count);

/// A capture file of such frames, removed with this object.
class SampleCapture {
  public:
    explicit SampleCapture(const std::vector<Frame> &frames);
    SampleCapture(const SampleCapture &) = delete;
    SampleCapture &operator=(const SampleCapture &) = delete;
    ~SampleCapture();

    const std::string &path() const { return path_; }

  private:
    std::string path_;
};

/// A detector with room for twice `sources` IPv4 sources.
Detector load_roomy_detector(std::uint32_t sources);
/// Brings that many sources into its registry, with one port each.
void register_sources(const Detector &detector, std::uint32_t sources);

} // namespace portscan::bench
