// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <linux/netlink.h>
#include <span>
#include <type_traits>

namespace portscan {

using NetlinkBytes = std::span<const std::byte>;

/// One message of the kernel: its type, and what follows its header.
using NetlinkVisit = std::function<void(std::uint16_t type, NetlinkBytes body)>;

/// A netlink socket of this network namespace.
class NetlinkSocket {
  public:
    /// `protocol`: NETLINK_ROUTE, NETLINK_SOCK_DIAG ...; `groups`: multicast groups as a mask
    /// (RTMGRP_LINK ...). Throws std::system_error.
    explicit NetlinkSocket(int protocol, std::uint32_t groups = 0);

    /// Asks for everything of a kind and visits it. The kernel starts again where what it lists
    /// changes meanwhile; an entry can be visited twice. Throws std::system_error.
    void dump(std::uint16_t type, NetlinkBytes request, const NetlinkVisit &visit);
    /// Visits what the groups have brought; does not wait. False if the kernel had to leave
    /// something out. Throws std::system_error.
    bool take(const NetlinkVisit &visit);
    /// Becomes readable when the groups bring something.
    int poll_fd() const { return socket_.get(); }

  private:
    bool receive_dump(const NetlinkVisit &visit);

    FileDescriptor socket_;
    std::uint32_t sequence_ = 0;
};

/// The bytes of a request.
template <typename Request>
NetlinkBytes netlink_bytes(const Request &request) {
    static_assert(std::is_trivially_copyable_v<Request>);
    return std::as_bytes(std::span{&request, 1});
}

/// The structure that a message, or an attribute, starts with; zeros where it is cut.
template <typename Header>
Header netlink_header(NetlinkBytes body) {
    static_assert(std::is_trivially_copyable_v<Header>);
    Header header{};
    if (body.size() >= sizeof(header)) std::memcpy(&header, body.data(), sizeof(header));
    return header;
}

/// What follows a structure of that size, with its alignment; empty where it is cut.
NetlinkBytes netlink_after(NetlinkBytes body, std::size_t header_size);

/// Visits the attributes (struct rtattr) of a message; a cut one ends them.
void for_each_attribute(NetlinkBytes attributes,
                        const std::function<void(std::uint16_t type, NetlinkBytes value)> &visit);

} // namespace portscan
