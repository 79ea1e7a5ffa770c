// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"

struct bpf_object;

namespace portscan {

/// Writes the options into an opened object that is not loaded yet: its configuration, the ignored
/// ports and the sizes of its maps. Throws std::system_error where the object's layout is not that
/// of bpf/portscan.h.
void configure(bpf_object *object, const DetectorOptions &options, bool frags);

} // namespace portscan
