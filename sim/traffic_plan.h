// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/traffic.h"
#include "sim/traffic_kind.h"

namespace portscan {

/// The spec with its kind's defaults filled in. Throws TrafficError where they do not fit together.
TrafficPlan plan_traffic(const TrafficSpec &spec);

} // namespace portscan
