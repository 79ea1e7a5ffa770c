// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "sim/source_text.h"

#include <string>
#include <vector>

namespace portscan {

/// A row of a file of labels: a capture, and who of it is a scanner.
struct LabelledCapture {
    std::string where;              ///< `labels.csv:3`
    std::string path;               ///< as found from where we stand: the file's folder is in it
    std::string filter{};           ///< pcap filter; empty: everything
    std::vector<Prefix> scanners{}; ///< none: nobody is one
};

/// The rows of a file of labels (docs/tune.md): CSV as RFC 4180 has it, but that no value goes over
/// a line's end, with the header `capture,filter,scanners`; scanners are addresses and prefixes
/// separated by semicolons. Empty lines, and lines that begin with `#`, are passed over. Throws
/// ScenarioError with everything that is wrong.
std::vector<LabelledCapture> parse_labels(const SourceText &source);
/// Reads such a file, of 16 MiB at most. Throws ScenarioError, also where it cannot be read.
std::vector<LabelledCapture> load_labels(const std::string &path);

} // namespace portscan
