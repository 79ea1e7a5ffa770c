// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/replay.h"
#include "sim/replay_context.h"

#include <iosfwd>
#include <string_view>

namespace portscan {

/// Value of `schema`; changes when a field changes its meaning or goes.
inline constexpr std::string_view replay_schema = "xdp-portscan-sim/replay/1";

/// Writes one line: the object of one capture, its fields as docs/json.md has them. Sources are
/// written one by one, so that millions of them cost no more memory than the report itself.
void write_json(std::ostream &out, const ReplayReport &report, const ReplayContext &context);

} // namespace portscan
