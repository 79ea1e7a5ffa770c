// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <sys/types.h>

namespace portscan {

/// Capabilities that a process goes on with.
enum class KeptCapabilities : std::uint8_t {
    none,
    bpf,     ///< CAP_BPF: older kernels ask for it at each use of a map
    loading, ///< CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON: further programs are loaded later
};

/// A set of capabilities, a bit for each by its number (linux/capability.h).
using CapabilityMask = std::uint64_t;

/// Who ran sudo.
struct InvokingUser {
    uid_t user = 0;
    gid_t group = 0;
};

/// From SUDO_UID and SUDO_GID (null: not set); nothing where one is missing or the user is root.
/// Throws std::runtime_error where one is no number of a user or group.
std::optional<InvokingUser> invoking_user(const char *sudo_uid, const char *sudo_gid);

/// Gives up, for good, every capability but those kept, in all sets, and the ability to gain any by
/// exec (no_new_privs). A process of root's that was started by sudo becomes the invoking user,
/// with the groups of that user. Of the kept ones only those are left that the process has; where
/// it has CAP_SYS_ADMIN in place of one of them, that stays. Call it while there is one thread.
///
/// Files that were opened before stay open; whatever is opened later is opened as that user. Throws
/// std::system_error or std::runtime_error where the kernel refuses or where something could still
/// be regained: the process must not go on then.
void drop_privileges(KeptCapabilities kept);

/// What to add to a refusal to write a file, which root did not expect: `; root's rights ...`.
/// Empty for other errors and users.
std::string_view rights_hint(int error);

} // namespace portscan
