// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

namespace portscan {

/// What is no capture in a folder.
struct LeftOut {
    std::string path;
    std::string reason;
};

/// What the arguments of a command name: captures, and folders with captures in them.
struct CaptureList {
    std::vector<std::string> captures{};
    std::vector<LeftOut> left_out{}; ///< in the order of their names
    std::vector<std::string>
        failures{}; ///< folders that cannot be read or hold none, `-` again; one line each
};

/// Captures stand where they are named; in place of a folder stand those in it and in the folders
/// below it, in the order of their names. A file in a folder is a capture if its content begins as
/// one (also compressed), or if its name ends as that of one (`.pcap`, `.pcapng`, `.cap`, also with
/// `.gz` or the like), so that one that cannot be read fails in place of being left out. Links to
/// files are followed, links to folders are not; pipes and devices are not opened.
CaptureList list_captures(const std::vector<std::string> &arguments);

/// What to say of files that were left out: `each` in a line, or many with the same reason
/// together.
std::vector<std::string> left_out_lines(const CaptureList &list, bool each);

} // namespace portscan
