// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/fuzz.h"

#include <cstddef>
#include <string>

namespace portscan {

/// What a difference leaves on disk.
struct FuzzFiles {
    std::string capture;  ///< the frames, as pcap
    std::string scenario; ///< the same with the options, the actions and what the model says
    std::size_t frames = 0;
    /// The scenario fails on this detector. It does not where time has to run backwards, which a
    /// scenario holds, or where no verdict and no counter shows the difference.
    bool scenario_fails = false;
};

/// `frame 4 of 4 (10.0.0.1:4000 > 10.0.0.9:80 S), outcome of 10.0.0.1: expected drop threshold, got
/// pass recorded`
std::string summarize(const FuzzFinding &finding);

/// Throws OptionError where nothing can be written to the folder.
void check_folder(const std::string &folder);

/// Writes FOLDER/fuzz-SEED.pcap and .scenario.toml, over those that are there. Throws CaptureError
/// or OptionError where they cannot be written.
FuzzFiles write_files(const FuzzFinding &finding, const FuzzSettings &settings,
                      const std::string &folder);

} // namespace portscan
