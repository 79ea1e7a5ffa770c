// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"

#include <linux/bpf.h>

namespace portscan {

/// Loads the two instructions that return XDP_PASS: for asking what a kernel takes, and as the
/// floor of measurements. `flags`: of BPF_PROG_LOAD, such as BPF_F_XDP_HAS_FRAGS. Where the kernel
/// refuses, the descriptor is negative and errno says why.
FileDescriptor load_passing_program(bpf_prog_type type, __u32 flags = 0);

} // namespace portscan
