// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/allowlist.h"
#include "loader/counters.h"
#include "loader/detector.h"
#include "loader/expirer.h"
#include "loader/mapped_state.h"
#include "loader/options.h"
#include "loader/registry.h"

namespace portscan {

/// Everything that user space does with the maps of one detector, loaded here or pinned. Stays
/// where it was made, since its parts know each other.
struct Control {
    /// All must outlive this. `expire_program` is -1 where no pass is run. Throws
    /// std::system_error.
    Control(const DetectorMaps &detector_maps, int expire_program,
            const DetectorOptions &detector_options);
    Control(const Control &) = delete;
    Control &operator=(const Control &) = delete;

    DetectorOptions options;
    DetectorMaps maps;
    MappedState state;
    CounterMap counters;
    Registry registry;
    Allowlist allowlist;
    Expirer expirer;
};

} // namespace portscan
