// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/stage_detector.h"

#include <cstdint>

namespace portscan {

// What stages do, step by step. All throw StageFailure where something does not come out.

// Other CPUs, and records half-removed.
void lost_swaps(StageDetector &one);
void lost_swaps_of_further_ports(StageDetector &one);
void ports_of_another_life(StageDetector &one);
void lost_removals(StageDetector &one);
void changed_between_looks(StageDetector &one);
void recorded_between_looks(StageDetector &one);
void alive_between_looks(StageDetector &one);
void kept_places(StageDetector &one, std::uint16_t ports, std::uint64_t pattern);
void gave_way_dead(StageDetector &one, std::uint16_t ports, bool blocked);
void lost_insertions(StageDetector &one);
void overtaken_insertions(StageDetector &one);
void passed_over(StageDetector &one);
void passed_over_with_room(StageDetector &one);
void last_block_taken(StageDetector &one);
void dead_records(StageDetector &one);
void refused_deletions(StageDetector &one);

// States of maps and sources.
void full_registry(StageDetector &one);
void full_ports(StageDetector &one);
void full_ring(StageDetector &one);
void used_ring(StageDetector &one);
void all_ports(StageDetector &one);
void link_local(StageDetector &one);
void port_zero(StageDetector &one);
void clock_behind(StageDetector &one);
void exact_ages(StageDetector &one);
void longest_window(StageDetector &one);
void allowed(StageDetector &one);
void ignored(StageDetector &one);
void extensions(StageDetector &one);

} // namespace portscan
