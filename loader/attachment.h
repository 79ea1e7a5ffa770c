// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"
#include "loader/pins.h"
#include "loader/service_options.h"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// Where in an interface's receive path the program runs: in the driver, or on socket buffers.
enum class XdpMode : std::uint8_t { native, skb };
std::string_view to_string(XdpMode mode);

/// An interface cannot be attached to; what() is one line that says why and what to do.
class AttachError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The program that an interface runs.
struct AttachedProgram {
    std::uint32_t id = 0;
    XdpMode mode = XdpMode::native;
    std::string name; ///< empty where the process may not know it (CAP_SYS_ADMIN)
};
/// Nothing if it runs none. Throws std::system_error.
std::optional<AttachedProgram> attached_program(unsigned ifindex);

/// A program held at an interface by a bpf_link, which lasts as long as a descriptor or a pin of
/// it. Move-only.
class Attachment {
  public:
    /// Throws AttachError: no such interface, somebody else's program on it, the mode not possible.
    static Attachment create(const std::string &interface, int program, AttachMode mode);
    /// Its number. Throws AttachError where there is no such interface.
    static unsigned require_present(const std::string &interface);
    /// The same, and where there is somebody else's program on it.
    static void require_free(const std::string &interface);
    /// A link that was pinned. Nothing if there is none, or its interface is gone and the pin is
    /// of no more use.
    static std::optional<Attachment> open(const PinDirectory &directory,
                                          const std::string &interface);

    const std::string &interface() const { return interface_; }
    /// Number of the interface that it is attached to; 0 when that is gone.
    unsigned ifindex() const;
    XdpMode mode() const { return mode_; }
    /// Why it is skb although native was tried first; empty if it was not.
    const std::string &fallback_reason() const { return fallback_reason_; }
    /// Is the interface of that name, in this network namespace, still the one that it is attached
    /// to?
    bool is_current() const;

    /// Replaces the program in one step. False if the interface is gone. Throws AttachError.
    bool update(int program);
    /// Takes the program off at once, whoever else holds the link.
    void detach();

    void pin(const PinDirectory &directory) const;
    int descriptor() const { return link_.get(); }

  private:
    Attachment(std::string interface, FileDescriptor link);

    std::string interface_;
    FileDescriptor link_;
    XdpMode mode_ = XdpMode::native;
    std::string fallback_reason_;
};

/// Number of the interface that a link is attached to; 0 when that is gone. Throws
/// std::system_error.
unsigned attached_ifindex(int link_fd);

/// Interfaces that have a pinned link, sorted.
std::vector<std::string> pinned_interfaces(const PinDirectory &directory);

} // namespace portscan
