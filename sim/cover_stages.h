// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/coverage.h"

#include <string>

namespace portscan {

/// Runs what no scenario can bring about, on detectors that count in `coverage`: other CPUs that
/// are faster, maps changed by other hands, maps and the ring full. Throws std::logic_error where
/// the detector does not answer as docs/detection.md says.
void run_cover_stages(const Coverage &coverage, const std::string &object_path);

} // namespace portscan
