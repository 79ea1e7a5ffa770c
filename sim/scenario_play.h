// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture.h"
#include "sim/frame_source.h"
#include "sim/replay.h"
#include "sim/scenario.h"

#include <functional>
#include <memory>
#include <span>
#include <string>

namespace portscan {

/// Called after each frame; false ends the run.
using FrameVisitor = std::function<bool(const CapturedFrame &, const FrameOutcome &)>;

/// Feeds a scenario's frames to a replay in their order, actions between them. Frames of packet
/// rows and of traffic are numbered from 1. Returns why a capture's reading ended early; empty: it
/// did not. Throws CaptureError where a capture cannot be read at all.
std::string play(const ScenarioInput &input, Replay &replay, const FrameVisitor &visit);

/// The same with one outcome for each replay.
using FramesVisitor =
    std::function<bool(const CapturedFrame &, std::span<const FrameOutcome> outcomes)>;

/// Feeds the same frames and actions to several replays, frame by frame. `options` are those that a
/// capture is opened with, but for its filter.
std::string play(const ScenarioInput &input, std::span<Replay *const> replays,
                 const FramesVisitor &visit, const CaptureOptions &options = {});

/// The frames alone, as `synth SCENARIO` writes them: what a capture's filter selects, the rows
/// that are packets. Throws CaptureError where a capture cannot be read, while reading too.
std::unique_ptr<FrameSource> open_frames(const ScenarioInput &input);

} // namespace portscan
