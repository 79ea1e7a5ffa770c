// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/scenario_traffic.h"

#include "sim/scenario.h"

#include <fmt/format.h>

namespace portscan {

std::unique_ptr<FrameSource> open_scenario_traffic(const std::string &path) {
    const Scenario scenario = load_scenario(path, ScenarioUse::frames);
    if (const auto *capture = std::get_if<CaptureInput>(&scenario.input)) {
        throw OptionError{fmt::format("{}: its frames are those of the capture {}: use that", path,
                                      capture->path)};
    }
    if (const auto *specs = std::get_if<std::vector<TrafficSpec>>(&scenario.input)) {
        return open_traffic(*specs);
    }
    std::vector<Frame> frames;
    for (const TextRow &row : std::get<std::vector<TextRow>>(scenario.input)) {
        const auto *packet = std::get_if<PacketRow>(&row);
        if (packet != nullptr) frames.push_back(packet->packet().frame());
    }
    return frames_of(std::move(frames));
}

} // namespace portscan
