// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/stage_detector.h"

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace portscan {

/// The last port that the detector takes, all from 1 on.
std::uint16_t last_port(const StageDetector &detector);

/// Steps of stages and what has to become of them. Sources are numbers, from 1. All throw
/// StageFailure where that does not happen.
void expect_true(const StageDetector &detector, bool truth, std::string_view what);
/// A probe of each port from the first to the last, all passed.
void pass(StageDetector &detector, unsigned source, std::uint16_t first, std::uint16_t last);
void drop(StageDetector &detector, unsigned source, std::uint16_t port);
/// The same, and the reason under which the probe counted.
void step(StageDetector &detector, unsigned source, std::uint16_t port, Reason reason);
/// The source's record has these ports, in this order.
void expect_ports(const StageDetector &detector, unsigned source,
                  std::initializer_list<std::uint16_t> ports);
void expect_blocked(const StageDetector &detector, unsigned source);
/// When the source's record was last refreshed or blocked, in ns of the clock; 0 without a record.
std::uint64_t stamp(const StageDetector &detector, unsigned source);

// Stages that are long enough for files of their own.
/// Every cut of many frames, in the length and into two buffers.
void play_frames(StageDetector &detector);
/// Frames that end with the last byte that a decision needs, all in the first buffer: one look is
/// enough for them.
void play_first_look(StageDetector &detector);
/// Traffic, time and other hands, all mixed.
void play_storm(StageDetector &detector, std::size_t steps);

} // namespace portscan
