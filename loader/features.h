// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace portscan {

/// Capabilities that the detector needs and this process lacks, by name: CAP_BPF, CAP_NET_ADMIN,
/// CAP_PERFMON. CAP_SYS_ADMIN stands in for CAP_BPF and CAP_PERFMON.
std::vector<std::string> missing_capabilities();

/// Does the kernel load XDP programs whose frames span buffers (BPF_F_XDP_HAS_FRAGS, 5.18)? Found
/// by trying, with a program of two instructions.
bool kernel_has_xdp_frags();

/// The first feature that the detector needs and the kernel lacks, with the version that brought
/// it; nothing if all are there. Found by trying.
std::optional<std::string> missing_kernel_feature();

} // namespace portscan
