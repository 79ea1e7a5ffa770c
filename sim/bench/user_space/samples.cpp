// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bench/user_space/samples.h"

#include "loader/file_descriptor.h"
#include "sim/capture.h"
#include "sim/harness_maps.h"
#include "sim/source_frame.h"
#include "sim/test_run.h"
#include "sim/traffic.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <unistd.h>

namespace portscan::bench {
namespace {

TrafficSpec endless(const char *kind, double rate) {
    return {.kind = kind, .count = std::uint64_t{1} << 40, .rate = rate};
}

} // namespace

std::vector<Frame> mixed_frames(std::size_t count) {
    const auto traffic = open_traffic(
        {endless("syn", 100), endless("browsing", 1'000), endless("random-flood", 2'000)});
    std::vector<Frame> frames;
    frames.reserve(count);
    while (frames.size() < count) frames.push_back(traffic->next().value());
    return frames;
}

SampleCapture::SampleCapture(const std::vector<Frame> &frames) {
    std::array<char, 32> name{"/tmp/portscan-bench-XXXXXX"};
    const FileDescriptor file{mkstemp(name.data())};
    if (file.get() < 0) throw std::system_error(errno, std::generic_category(), "create a capture");
    path_ = name.data();
    CaptureWriter writer = CaptureWriter::create(path_);
    for (const Frame &frame : frames) writer.write(frame.time_ns, frame.bytes);
    writer.close();
    // The kernel would write it to the disk while what comes next is measured.
    if (fsync(file.get()) == 0) return;
    const int error = errno;
    unlink(path_.c_str());
    throw std::system_error(error, std::generic_category(), "write a capture");
}

SampleCapture::~SampleCapture() {
    unlink(path_.c_str());
}

Detector load_roomy_detector(std::uint32_t sources) {
    const DetectorOptions options{.max_sources = std::max(2 * sources, 1'000'000U)};
    return Detector::load(options, {.object_path = {}, .prepare = [](bpf_object *object) {
                                        use_harness_maps(object, StatsMap::shipped);
                                    }});
}

void register_sources(const Detector &detector, std::uint32_t sources) {
    SourceFrame frame{tcp("10.0.0.1", "10.0.0.9", 22, "S")};
    for (std::uint32_t i = 1; i <= sources; ++i)
        if (test_run(detector.program(), frame.from(scattered_source(false, i))).verdict !=
            Verdict::pass)
            throw std::runtime_error("a new source was not recorded");
}

} // namespace portscan::bench
