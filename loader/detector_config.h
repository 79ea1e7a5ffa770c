// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"

#include <cstddef>
#include <optional>
#include <span>

struct bpf_map;
struct bpf_object;

namespace portscan {

/// Writes the options into an opened object that is not loaded yet: its configuration, the ignored
/// ports and the sizes of its maps. Throws std::system_error where the object's layout is not that
/// of bpf/portscan.h.
void configure(bpf_object *object, const DetectorOptions &options, bool frags);

/// The map that holds the configuration. Throws std::system_error where there is none.
bpf_map *configuration_map(bpf_object *object);

/// The options that the configuration of a loaded detector holds, given the contents of its map;
/// `object` is an opened one of this version. `allow` and `expire_interval` are no part of it.
/// Nothing where it is of another layout (PORTSCAN_LAYOUT).
std::optional<DetectorOptions> configured_options(bpf_object *object,
                                                  std::span<const std::byte> rodata);

} // namespace portscan
