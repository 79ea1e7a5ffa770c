// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/kept_capabilities.h"

#include <cerrno>
#include <memory>
#include <sys/capability.h>
#include <system_error>

namespace portscan {
namespace {

using CapabilityState = std::unique_ptr<std::remove_pointer_t<cap_t>, int (*)(void *)>;

CapabilityState read_state() {
    CapabilityState state{cap_get_proc(), cap_free};
    if (!state) throw std::system_error(errno, std::generic_category(), "read capabilities");
    return state;
}

void take_effect(const CapabilityState &state) {
    if (cap_set_proc(state.get()) == 0) return;
    throw std::system_error(errno, std::generic_category(), "set the effective capabilities");
}

/// No capability is in effect while it lives; the permitted ones stay.
class WithoutEffect {
  public:
    WithoutEffect() : before_(read_state()) {
        const CapabilityState none = read_state();
        cap_clear_flag(none.get(), CAP_EFFECTIVE);
        take_effect(none);
    }
    WithoutEffect(const WithoutEffect &) = delete;
    WithoutEffect &operator=(const WithoutEffect &) = delete;
    ~WithoutEffect() { cap_set_proc(before_.get()); } // what was permitted still is

  private:
    CapabilityState before_;
};

} // namespace

KeptCapabilities needed_to_run(const Simulator &simulator) {
    const WithoutEffect scope;
    try {
        simulator.counters();
        simulator.source("0.0.0.0"); // not all of them: that walks through a million empty buckets
    } catch (const std::system_error &error) {
        if (error.code() == std::errc::operation_not_permitted) return KeptCapabilities::bpf;
        throw;
    }
    return KeptCapabilities::none;
}

} // namespace portscan
