// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/attachment.h"

#include "loader/libbpf_log.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <system_error>

namespace portscan {
namespace {

/// Where permitted: looking programs up by number takes CAP_SYS_ADMIN.
std::string program_name(std::uint32_t id) {
    const FileDescriptor fd{bpf_prog_get_fd_by_id(id)};
    bpf_prog_info info{};
    __u32 size = sizeof(info);
    if (fd.get() < 0 || bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0) return {};
    return info.name;
}

int create_link(unsigned ifindex, int program, XdpMode mode) {
    LIBBPF_OPTS(bpf_link_create_opts, options,
                .flags = mode == XdpMode::native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
    return bpf_link_create(program, static_cast<int>(ifindex), BPF_XDP, &options);
}

std::string describe(const AttachedProgram &program) {
    return program.name.empty() ? fmt::format("{}", program.id)
                                : fmt::format("{} ({})", program.id, program.name);
}

[[noreturn]] void refuse_foreign(const std::string &interface, const AttachedProgram &program) {
    // The kernel keeps 15 characters of a name.
    const bool ours = program.name.starts_with("xdp_port_scan_b");
    throw AttachError(fmt::format("{} runs another XDP program, id {}, in {} mode{}: it is left as "
                                  "it is; detach it first",
                                  interface, describe(program), to_string(program.mode),
                                  ours ? ", of an xdp-portscan with another pin directory" : ""));
}

/// Why a driver did not take the program.
std::string native_refusal(int error) {
    switch (error) {
    case EOPNOTSUPP:
        return "the driver has no native XDP";
    case ERANGE:
        return "its MTU is too large for native XDP";
    default:
        return fmt::format("native XDP was refused: {}", std::strerror(error));
    }
}

[[noreturn]] void fail_attach(const std::string &interface, XdpMode mode, int error) {
    if (const auto program = attached_program(if_nametoindex(interface.c_str())))
        refuse_foreign(interface, *program);
    if (error == EPERM)
        throw std::system_error(error, std::generic_category(),
                                fmt::format("attach to {}", interface));
    if (mode == XdpMode::native)
        throw AttachError(fmt::format("{}: {}; use --mode skb", interface, native_refusal(error)));
    throw AttachError(fmt::format("attach to {} in skb mode: {}", interface, std::strerror(error)));
}

} // namespace

std::string_view to_string(XdpMode mode) {
    return mode == XdpMode::native ? "native" : "skb";
}

std::optional<AttachedProgram> attached_program(unsigned ifindex) {
    if (ifindex == 0) return std::nullopt;
    const LibbpfLog quiet;
    LIBBPF_OPTS(bpf_xdp_query_opts, query);
    if (const int error = bpf_xdp_query(static_cast<int>(ifindex), 0, &query); error != 0) {
        if (error == -ENODEV || error == -ENXIO) return std::nullopt;
        throw std::system_error(-error, std::generic_category(), "ask for the XDP program");
    }
    const bool skb = query.skb_prog_id != 0;
    const std::uint32_t id = skb                      ? query.skb_prog_id
                             : query.drv_prog_id != 0 ? query.drv_prog_id
                                                      : query.hw_prog_id;
    if (id == 0) return std::nullopt;
    return AttachedProgram{
        .id = id, .mode = skb ? XdpMode::skb : XdpMode::native, .name = program_name(id)};
}

Attachment::Attachment(std::string interface, FileDescriptor link) :
    interface_{std::move(interface)},
    link_{std::move(link)} {}

unsigned Attachment::require_present(const std::string &interface) {
    const unsigned ifindex = if_nametoindex(interface.c_str());
    if (ifindex == 0)
        throw AttachError(fmt::format("no interface {} here (ip link shows them)", interface));
    return ifindex;
}

void Attachment::require_free(const std::string &interface) {
    if (const auto present = attached_program(require_present(interface)))
        refuse_foreign(interface, *present);
}

Attachment Attachment::create(const std::string &interface, int program, AttachMode mode) {
    require_free(interface);
    const unsigned ifindex = if_nametoindex(interface.c_str());
    XdpMode used = mode == AttachMode::skb ? XdpMode::skb : XdpMode::native;
    FileDescriptor link{create_link(ifindex, program, used)};
    std::string reason;
    if (link.get() < 0 && mode == AttachMode::automatic && errno != EBUSY && errno != EPERM) {
        reason = native_refusal(errno);
        used = XdpMode::skb;
        link = FileDescriptor{create_link(ifindex, program, used)};
    }
    if (link.get() < 0) fail_attach(interface, used, errno);
    Attachment attachment{interface, std::move(link)};
    attachment.mode_ = used;
    attachment.fallback_reason_ = std::move(reason);
    return attachment;
}

std::optional<Attachment> Attachment::open(const PinDirectory &directory,
                                           const std::string &interface) {
    FileDescriptor link = directory.get(link_pin_name(interface));
    if (link.get() < 0) return std::nullopt;
    Attachment attachment{interface, std::move(link)};
    const unsigned ifindex = attachment.ifindex();
    if (ifindex == 0) {
        directory.unpin(link_pin_name(interface));
        return std::nullopt;
    }
    if (const auto program = attached_program(ifindex)) attachment.mode_ = program->mode;
    return attachment;
}

unsigned attached_ifindex(int link_fd) {
    bpf_link_info info{};
    __u32 size = sizeof(info);
    if (bpf_obj_get_info_by_fd(link_fd, &info, &size) != 0)
        throw std::system_error(errno, std::generic_category(), "inspect link");
    return info.type == BPF_LINK_TYPE_XDP ? info.xdp.ifindex : 0;
}

unsigned Attachment::ifindex() const {
    return attached_ifindex(link_.get());
}

bool Attachment::is_current() const {
    const unsigned attached = ifindex();
    return attached != 0 && attached == if_nametoindex(interface_.c_str());
}

bool Attachment::update(int program) {
    if (bpf_link_update(link_.get(), program, nullptr) == 0) return true;
    if (errno == ENOLINK) return false;
    throw AttachError(
        fmt::format("replace the program of {}: {}", interface_, std::strerror(errno)));
}

void Attachment::detach() {
    if (bpf_link_detach(link_.get()) != 0 && errno != ENOLINK && errno != EOPNOTSUPP)
        throw std::system_error(errno, std::generic_category(),
                                fmt::format("detach from {}", interface_));
}

void Attachment::pin(const PinDirectory &directory) const {
    directory.pin(link_.get(), link_pin_name(interface_));
}

std::vector<std::string> pinned_interfaces(const PinDirectory &directory) {
    std::vector<std::string> interfaces;
    for (const auto &name : directory.names())
        if (auto interface = interface_of_pin(name)) interfaces.push_back(std::move(*interface));
    return interfaces;
}

} // namespace portscan
