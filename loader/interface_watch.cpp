// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/interface_watch.h"

#include <algorithm>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace portscan {

// Subscribes before it lists, so that nothing falls between the two.
InterfaceWatch::InterfaceWatch() : socket_{NETLINK_ROUTE, RTMGRP_LINK} {
    for (const Interface &interface : interfaces()) known_[interface.index] = interface.name;
}

std::vector<InterfaceChange> InterfaceWatch::take() {
    std::vector<InterfaceChange> changes;
    const bool complete = socket_.take([&](std::uint16_t type, NetlinkBytes body) {
        const auto header = netlink_header<ifinfomsg>(body);
        // A bridge tells of its ports with messages of family AF_BRIDGE: leaving it is not the end.
        if (header.ifi_family != AF_UNSPEC) return;
        const auto index = static_cast<std::uint32_t>(header.ifi_index);
        if (type == RTM_DELLINK) note_gone(index, changes);
        if (type == RTM_NEWLINK) note(index, interface_name(body), changes);
    });
    if (!complete) resynchronize(changes);
    return changes;
}

void InterfaceWatch::note(std::uint32_t index, const std::string &name,
                          std::vector<InterfaceChange> &changes) {
    const auto known = known_.find(index);
    if (name.empty() || (known != known_.end() && known->second == name)) return;
    note_gone(index, changes);
    known_[index] = name;
    changes.push_back({InterfaceChange::Kind::came, {index, name}});
}

void InterfaceWatch::note_gone(std::uint32_t index, std::vector<InterfaceChange> &changes) {
    const auto known = known_.find(index);
    if (known == known_.end()) return;
    changes.push_back({InterfaceChange::Kind::went, {index, known->second}});
    known_.erase(known);
}

void InterfaceWatch::resynchronize(std::vector<InterfaceChange> &changes) {
    const std::vector<Interface> present = interfaces();
    std::vector<std::uint32_t> gone;
    for (const auto &[index, name] : known_) {
        const bool here =
            std::any_of(present.begin(), present.end(),
                        [&, key = index](const auto &one) { return one.index == key; });
        if (!here) gone.push_back(index);
    }
    for (const std::uint32_t index : gone) note_gone(index, changes);
    for (const Interface &interface : present) note(interface.index, interface.name, changes);
}

} // namespace portscan
