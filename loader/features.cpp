// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/features.h"

#include "loader/passing_program.h"

#include <array>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace portscan {
namespace {

struct HelperFeature {
    bpf_prog_type type;
    bpf_func_id helper;
    const char *description;
};

constexpr std::array helper_features{
    HelperFeature{BPF_PROG_TYPE_XDP, BPF_FUNC_ktime_get_coarse_ns, "the coarse clock (Linux 5.11)"},
    HelperFeature{BPF_PROG_TYPE_XDP, BPF_FUNC_ringbuf_reserve, "ring buffers (Linux 5.8)"},
    HelperFeature{BPF_PROG_TYPE_XDP, BPF_FUNC_for_each_map_elem,
                  "bpf_for_each_map_elem (Linux 5.13)"},
};

bool has_effective(unsigned long long effective, unsigned capability) {
    return (effective >> capability & 1) != 0;
}

/// Effective capabilities as a bit set; capget(2).
unsigned long long effective_capabilities() {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, 2> data{};
    if (syscall(SYS_capget, &header, data.data()) != 0) return 0;
    return data[0].effective | static_cast<unsigned long long>(data[1].effective) << 32;
}

bool loads(bpf_prog_type type, __u32 flags) {
    return load_passing_program(type, flags).get() >= 0;
}

} // namespace

std::vector<std::string> missing_capabilities() {
    const auto effective = effective_capabilities();
    const bool admin = has_effective(effective, CAP_SYS_ADMIN);
    std::vector<std::string> missing;
    if (!admin && !has_effective(effective, CAP_BPF)) missing.emplace_back("CAP_BPF");
    if (!has_effective(effective, CAP_NET_ADMIN)) missing.emplace_back("CAP_NET_ADMIN");
    if (!admin && !has_effective(effective, CAP_PERFMON)) missing.emplace_back("CAP_PERFMON");
    return missing;
}

bool kernel_has_xdp_frags() {
    return loads(BPF_PROG_TYPE_XDP, BPF_F_XDP_HAS_FRAGS);
}

std::optional<std::string> missing_kernel_feature() {
    if (!loads(BPF_PROG_TYPE_XDP, 0)) return "XDP programs (CONFIG_BPF_SYSCALL and CONFIG_NET)";
    if (!loads(BPF_PROG_TYPE_SYSCALL, BPF_F_SLEEPABLE))
        return "BPF programs of type syscall (Linux 5.14)";
    for (const auto &feature : helper_features)
        if (libbpf_probe_bpf_helper(feature.type, feature.helper, nullptr) == 0)
            return feature.description;
    return std::nullopt;
}

} // namespace portscan
