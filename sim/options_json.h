// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"

#include <nlohmann/json.hpp>

namespace portscan {

/// The detection options by name, as docs/json.md has them.
nlohmann::ordered_json options_json(const DetectorOptions &options);

} // namespace portscan
