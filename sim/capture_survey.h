// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "sim/labels.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace portscan {

/// What a labelled capture holds, before any detector has seen it.
struct CaptureSurvey {
    std::uint64_t packets = 0;      ///< every record of the file
    std::uint64_t selected = 0;     ///< that the filter matches
    std::uint64_t senders = 0;      ///< distinct sources of those
    std::vector<Prefix> scanners{}; ///< sources that are scanners, in order of appearance
    std::uint64_t honest = 0;       ///< other sources that sent a probe
    std::string damage{};           ///< why reading ended early; empty: it did not
};

/// Reads the capture once. An IPv6 source is its prefix of so many bits. A label says that the
/// sources within it, or the one that it is in, are scanners: those that sent probes, or all where
/// none did. Throws CaptureError where the capture cannot be read, and where a label has no source
/// in it. `tick` is called for each record; false ends the survey with what it has by then.
CaptureSurvey survey(const LabelledCapture &labelled, unsigned ipv6_prefix,
                     const std::function<bool()> &tick = {});

} // namespace portscan
