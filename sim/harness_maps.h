// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/spare_maps.h"

struct bpf_object;

namespace portscan {

/// How pscan_stats is made.
enum class StatsMap {
    shipped, ///< per CPU, as the object says
    mapped   ///< a plain array that this process reads in place, without a system call
};

/// Gives an opened object maps of the harness' own, named `psim_...`, so that
/// `bpftool map ... name pscan_ip_reg` finds the production loader's alone. Types, sizes and BTF
/// are the object's, but for pscan_stats if so asked. With `lent` hash maps come from there, and it
/// has to outlive the detector. Throws std::system_error.
void use_harness_maps(bpf_object *object, StatsMap stats, LentMaps *lent = nullptr);

} // namespace portscan
