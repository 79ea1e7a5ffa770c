// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/netlink.h"

#include <algorithm>
#include <cerrno>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <system_error>
#include <vector>

namespace portscan {
namespace {

/// The kernel fills at most this much at once (NLMSG_GOODSIZE is less).
constexpr std::size_t receive_size = 64 * 1024;
/// Tables that change all the time are taken as they come in the end.
constexpr int dump_attempts = 4;

[[noreturn]] void fail(int error, const char *what) {
    throw std::system_error(error, std::generic_category(), what);
}

/// The next message of what was received, which it is taken off; false at the end.
bool next_message(NetlinkBytes &bytes, nlmsghdr &header, NetlinkBytes &body) {
    header = netlink_header<nlmsghdr>(bytes);
    if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > bytes.size()) return false;
    body = bytes.subspan(NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN);
    bytes = bytes.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), bytes.size()));
    return true;
}

} // namespace

NetlinkSocket::NetlinkSocket(int protocol, std::uint32_t groups) :
    socket_{socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)} {
    if (socket_.get() < 0) fail(errno, "open a netlink socket");
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = groups;
    if (bind(socket_.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0)
        fail(errno, "bind a netlink socket");
}

void NetlinkSocket::dump(std::uint16_t type, NetlinkBytes request, const NetlinkVisit &visit) {
    std::vector<std::byte> message(NLMSG_SPACE(request.size()));
    for (int attempt = 0; attempt < dump_attempts; ++attempt) {
        const nlmsghdr header{.nlmsg_len = static_cast<__u32>(NLMSG_LENGTH(request.size())),
                              .nlmsg_type = type,
                              .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                              .nlmsg_seq = ++sequence_,
                              .nlmsg_pid = 0};
        std::memcpy(message.data(), &header, sizeof(header));
        std::memcpy(message.data() + NLMSG_HDRLEN, request.data(), request.size());
        if (send(socket_.get(), message.data(), message.size(), 0) < 0)
            fail(errno, "ask the kernel by netlink");
        if (receive_dump(visit)) return;
    }
}

/// False if what is listed changed meanwhile.
bool NetlinkSocket::receive_dump(const NetlinkVisit &visit) {
    std::vector<std::byte> buffer(receive_size);
    bool consistent = true;
    while (true) {
        const ssize_t size = recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) fail(size < 0 ? errno : EIO, "read the kernel's answer by netlink");
        NetlinkBytes rest{buffer.data(), static_cast<std::size_t>(size)};
        nlmsghdr header{};
        for (NetlinkBytes body; next_message(rest, header, body);) {
            if (header.nlmsg_seq != sequence_) continue;
            if ((header.nlmsg_flags & NLM_F_DUMP_INTR) != 0) consistent = false;
            if (header.nlmsg_type == NLMSG_DONE) return consistent;
            if (header.nlmsg_type == NLMSG_ERROR)
                fail(-netlink_header<nlmsgerr>(body).error, "ask the kernel by netlink");
            visit(header.nlmsg_type, body);
        }
    }
}

bool NetlinkSocket::take(const NetlinkVisit &visit) {
    std::vector<std::byte> buffer(receive_size);
    bool complete = true;
    while (true) {
        const ssize_t size = recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && errno == EAGAIN) return complete;
        if (size < 0 && errno == ENOBUFS) {
            complete = false;
            continue;
        }
        if (size <= 0) fail(size < 0 ? errno : EIO, "read changes by netlink");
        NetlinkBytes rest{buffer.data(), static_cast<std::size_t>(size)};
        nlmsghdr header{};
        for (NetlinkBytes body; next_message(rest, header, body);) visit(header.nlmsg_type, body);
    }
}

NetlinkBytes netlink_after(NetlinkBytes body, std::size_t header_size) {
    return body.subspan(std::min<std::size_t>(NLMSG_ALIGN(header_size), body.size()));
}

void for_each_attribute(NetlinkBytes attributes,
                        const std::function<void(std::uint16_t type, NetlinkBytes value)> &visit) {
    while (attributes.size() >= sizeof(rtattr)) {
        const auto header = netlink_header<rtattr>(attributes);
        if (header.rta_len < sizeof(rtattr) || header.rta_len > attributes.size()) return;
        visit(header.rta_type & NLA_TYPE_MASK,
              attributes.subspan(sizeof(rtattr), header.rta_len - sizeof(rtattr)));
        attributes =
            attributes.subspan(std::min<std::size_t>(RTA_ALIGN(header.rta_len), attributes.size()));
    }
}

} // namespace portscan
