// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/privileges.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <memory>
#include <pwd.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <system_error>
#include <unistd.h>

namespace portscan {
namespace {

constexpr CapabilityMask bit(cap_value_t value) {
    return CapabilityMask{1} << value;
}

using CapabilityState = std::unique_ptr<std::remove_pointer_t<cap_t>, int (*)(void *)>;

void require(bool done, const char *what) {
    if (!done) throw std::system_error{errno, std::generic_category(), what};
}

CapabilityState current_state() {
    CapabilityState state{cap_get_proc(), cap_free};
    require(state != nullptr, "cannot read capabilities");
    return state;
}

CapabilityMask mask_of(cap_t state, cap_flag_t flag) {
    CapabilityMask mask = 0;
    for (cap_value_t value = 0; value < cap_max_bits(); ++value) {
        cap_flag_value_t set = CAP_CLEAR;
        if (cap_get_flag(state, value, flag, &set) == 0 && set == CAP_SET) mask |= bit(value);
    }
    return mask;
}

/// What is kept of the permitted capabilities.
CapabilityMask mask_to_keep(KeptCapabilities kept, CapabilityMask permitted) {
    CapabilityMask wanted = 0;
    if (kept != KeptCapabilities::none) wanted |= bit(CAP_BPF);
    if (kept == KeptCapabilities::loading) wanted |= bit(CAP_NET_ADMIN) | bit(CAP_PERFMON);
    if ((wanted & ~permitted) != 0) wanted |= bit(CAP_SYS_ADMIN);
    return wanted & permitted;
}

/// What an exec could give. Without CAP_SETPCAP the bounding set cannot be narrowed; no_new_privs
/// then keeps anything from being gained through it.
void drop_from_bounding_set(CapabilityMask kept, CapabilityMask effective) {
    if ((effective & bit(CAP_SETPCAP)) == 0) return;
    for (cap_value_t value = 0; value < cap_max_bits(); ++value) {
        if ((kept & bit(value)) != 0 || cap_get_bound(value) != CAP_SET) continue;
        require(cap_drop_bound(value) == 0, "cannot drop a capability from the bounding set");
    }
}

/// Groups first: afterwards the right to change them is gone.
void become(const InvokingUser &target) {
    const passwd *const entry = getpwuid(target.user);
    const bool groups_set = entry != nullptr ? initgroups(entry->pw_name, target.group) == 0
                                             : setgroups(1, &target.group) == 0;
    require(groups_set, "cannot take on the groups of the user who ran sudo");
    require(setresgid(target.group, target.group, target.group) == 0,
            "cannot take on the group of the user who ran sudo");
    require(setresuid(target.user, target.user, target.user) == 0,
            "cannot become the user who ran sudo");
}

void set_capabilities(CapabilityMask kept) {
    const CapabilityState state{cap_init(), cap_free}; // all clear, inheritable ones too
    require(state != nullptr, "cannot set capabilities");
    for (cap_value_t value = 0; value < cap_max_bits(); ++value) {
        if ((kept & bit(value)) == 0) continue;
        for (const cap_flag_t flag : {CAP_PERMITTED, CAP_EFFECTIVE})
            require(cap_set_flag(state.get(), flag, 1, &value, CAP_SET) == 0,
                    "cannot set capabilities");
    }
    require(cap_set_proc(state.get()) == 0, "cannot drop capabilities");
}

void verify(CapabilityMask kept, const std::optional<InvokingUser> &user) {
    const CapabilityState state = current_state();
    const bool clear = mask_of(state.get(), CAP_PERMITTED) == kept &&
                       mask_of(state.get(), CAP_EFFECTIVE) == kept &&
                       mask_of(state.get(), CAP_INHERITABLE) == 0;
    if (!clear) throw std::runtime_error{"capabilities are left after they were dropped"};
    if (!user) return;
    uid_t real = 0, effective = 0, saved = 0;
    require(getresuid(&real, &effective, &saved) == 0, "cannot read user ids");
    const bool is_user = real == user->user && effective == user->user && saved == user->user;
    if (!is_user || seteuid(0) == 0 || setegid(0) == 0 || setgroups(0, nullptr) == 0)
        throw std::runtime_error{"root can be regained after becoming the user who ran sudo"};
}

/// An id of sudo's environment. The highest number is no id but "leave unchanged" (setresuid(2)).
std::uint32_t parse_id(const char *variable, std::string_view text) {
    std::uint32_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || end != text.data() + text.size() || id == UINT32_MAX)
        throw std::runtime_error{
            fmt::format("{} is '{}', which is no id; unset it", variable, text)};
    return id;
}

} // namespace

std::optional<InvokingUser> invoking_user(const char *sudo_uid, const char *sudo_gid) {
    if (sudo_uid == nullptr || sudo_gid == nullptr) return std::nullopt;
    const InvokingUser user{.user = parse_id("SUDO_UID", sudo_uid),
                            .group = parse_id("SUDO_GID", sudo_gid)};
    return user.user == 0 ? std::nullopt : std::optional{user};
}

void drop_privileges(KeptCapabilities kept) {
    const CapabilityState before = current_state();
    const CapabilityMask keep = mask_to_keep(kept, mask_of(before.get(), CAP_PERMITTED));
    const auto user = geteuid() == 0
                          ? invoking_user(std::getenv("SUDO_UID"), std::getenv("SUDO_GID"))
                          : std::nullopt;

    require(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0,
            "cannot clear the ambient capabilities");
    drop_from_bounding_set(keep, mask_of(before.get(), CAP_EFFECTIVE));
    if (user) {
        // Else the change of user would take away what is to be kept.
        require(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0, "cannot keep capabilities");
        become(*user);
        require(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == 0, "cannot keep capabilities");
    }
    set_capabilities(keep);
    require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "cannot set no_new_privs");
    // The change of user made /proc/self, and with it /dev/stdout, root's.
    require(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0, "cannot set the process dumpable");
    verify(keep, user);
}

std::string_view rights_hint(int error) {
    if (error != EACCES || geteuid() != 0) return "";
    return "; root's rights over files of others are given up before: use sudo, or a folder of "
           "root's";
}

} // namespace portscan
