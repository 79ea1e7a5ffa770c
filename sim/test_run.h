// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"
#include "loader/verdict.h"
#include "sim/frame.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace portscan {

/// One run of a program.
struct TestRunResult {
    Verdict verdict = Verdict::aborted;
    std::uint32_t duration_ns = 0;
};

/// Runs the program once over the frame, by BPF_PROG_TEST_RUN: one system call. `linear_size`: the
/// program finds that many bytes, 14 to the frame's size, in the first buffer and the rest behind
/// it, as a driver with small buffers hands frames over; that takes an xdp.frags program and a
/// kernel that splits (6.x). Without it the kernel fills buffers to 3,520 bytes. Throws
/// std::system_error where the kernel refuses, and where it returns what is no XDP action.
TestRunResult test_run(int program_fd, ByteView frame,
                       std::optional<std::size_t> linear_size = std::nullopt);

/// The shortest frame that BPF_PROG_TEST_RUN takes: an Ethernet header (net/bpf/test_run.c).
inline constexpr std::size_t min_frame_size = 14;

/// Loads the empty program, the floor of measurements. `frags`: as xdp.frags. Throws
/// std::system_error.
FileDescriptor load_floor_program(bool frags);

/// The longest frame that the kernel takes here, found by trying with the empty program.
std::size_t find_max_frame_size(int floor_program);

} // namespace portscan
