// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

namespace portscan {

/// What the arguments of a command name: captures, and folders with captures in them.
struct CaptureList {
    std::vector<std::string> captures{};
    std::vector<std::string> left_out{}; ///< of folders what is no capture, and why; one line each
    std::vector<std::string>
        failures{}; ///< folders that cannot be read or hold none; one line each
};

/// Captures stand where they are named; in place of a folder stand those in it and in the folders
/// below it, in the order of their names. A file in a folder is a capture if its content begins as
/// one (also compressed), or if its name ends as that of one (`.pcap`, `.pcapng`, `.cap`, also with
/// `.gz` or the like), so that one that cannot be read fails in place of being left out. Links to
/// files are followed, links to folders are not; pipes and devices are not opened.
CaptureList list_captures(const std::vector<std::string> &arguments);

} // namespace portscan
