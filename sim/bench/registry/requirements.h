// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/bench/registry/subject.h"

#include <cstdint>

namespace portscan::bench {

/// What a registry does where docs/detection.md asks for bounded memory and for right counts on
/// several CPUs.
struct Requirements {
    std::uint32_t kept_of_thousand = 0; ///< elements after 1,000 new sources in a map of 1,000
    std::uint32_t kept_of_all = 0;      ///< the same with Sizes::sources
    std::uint32_t blocks_kept = 0;      ///< of 1,000 silent ones, after a flood of new sources
    unsigned scanner_blocked_at = 0;    ///< which new port of a scanner within the flood; 0: none
    bool new_source_passes = false;     ///< a first probe after the flood
    std::uint32_t too_many_ports = 0;   ///< of 20,000 sources on two CPUs: more than 3 ports passed
};

/// Runs a flood of twice `sizes.sources` sources and a race of two CPUs. Takes seconds.
Requirements check_requirements(const Candidate &candidate, const Sizes &sizes);

} // namespace portscan::bench
