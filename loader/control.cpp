// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/control.h"

namespace portscan {

Control::Control(const DetectorMaps &detector_maps, int expire_program,
                 const DetectorOptions &detector_options) :
    options{detector_options},
    maps{detector_maps},
    state{maps.state},
    counters{maps.stats},
    registry{maps, state, options},
    allowlist{maps, state, registry},
    expirer{expire_program, state, counters, allowlist} {}

} // namespace portscan
