// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/capabilities.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace portscan {
namespace {

using Mask = std::uint64_t;

constexpr Mask bit(unsigned capability) {
    return Mask{1} << capability;
}

void require(bool done, const char *what) {
    if (!done) throw std::system_error(errno, std::generic_category(), what);
}

using Sets = std::array<__user_cap_data_struct, 2>;

Sets read_sets() {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    Sets sets{};
    require(syscall(SYS_capget, &header, sets.data()) == 0, "read capabilities");
    return sets;
}

Mask permitted_of(const Sets &sets) {
    return sets[0].permitted | Mask{sets[1].permitted} << 32;
}

void write_sets(Mask mask) {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    Sets sets{};
    for (unsigned i = 0; i < sets.size(); ++i) {
        const auto part = static_cast<__u32>(mask >> (32 * i));
        sets.at(i) = {.effective = part, .permitted = part, .inheritable = part};
    }
    require(syscall(SYS_capset, &header, sets.data()) == 0, "drop capabilities");
}

/// Without CAP_SETPCAP it cannot be narrowed; no_new_privs keeps it from giving anything then.
void narrow_bounding_set(Mask kept, Mask permitted) {
    if ((permitted & bit(CAP_SETPCAP)) == 0) return;
    for (unsigned capability = 0; capability <= CAP_LAST_CAP; ++capability)
        if ((kept & bit(capability)) == 0 && prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1)
            require(prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0, "drop capabilities");
}

void limit_to(Mask wanted) {
    const Mask permitted = permitted_of(read_sets());
    Mask kept = wanted & permitted;
    if (kept != wanted) kept |= permitted & bit(CAP_SYS_ADMIN);
    require(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0, "drop capabilities");
    narrow_bounding_set(kept, permitted);
    write_sets(kept);
    require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "set no_new_privs");
    // Across exec, for a user who is not root.
    for (unsigned capability = 0; capability <= CAP_LAST_CAP; ++capability)
        if ((kept & bit(capability)) != 0)
            require(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0,
                    "keep capabilities");
}

} // namespace

void keep_loading_capabilities() {
    limit_to(bit(CAP_BPF) | bit(CAP_NET_ADMIN) | bit(CAP_PERFMON));
}

} // namespace portscan
