// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <bpf/libbpf.h>
#include <cstddef>
#include <system_error>

namespace portscan {

/// How many copies a per-CPU map has of each value. Throws where /sys does not tell.
inline std::size_t possible_cpus() {
    const int count = libbpf_num_possible_cpus();
    if (count > 0) return static_cast<std::size_t>(count);
    throw std::system_error(-count, std::generic_category(),
                            "read /sys/devices/system/cpu/possible (is /sys mounted?)");
}

} // namespace portscan
