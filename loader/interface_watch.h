// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/host_network.h"
#include "loader/netlink.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace portscan {

/// An interface came (or got this name), or went (or lost it).
struct InterfaceChange {
    enum class Kind : std::uint8_t { came, went };

    Kind kind = Kind::came;
    Interface interface;

    bool operator==(const InterfaceChange &) const = default;
};

/// Watches the interfaces of this network namespace, by rtnetlink and without privileges.
class InterfaceWatch {
  public:
    /// Knows what is there from now on. Throws std::system_error.
    InterfaceWatch();

    /// Changes since the last call, in their order; does not wait. Throws std::system_error.
    std::vector<InterfaceChange> take();
    /// Becomes readable when take() has something to look at.
    int poll_fd() const { return socket_.poll_fd(); }

  private:
    void note(std::uint32_t index, const std::string &name, std::vector<InterfaceChange> &changes);
    void note_gone(std::uint32_t index, std::vector<InterfaceChange> &changes);
    void resynchronize(std::vector<InterfaceChange> &changes);

    NetlinkSocket socket_;
    std::map<std::uint32_t, std::string> known_; ///< name by index
};

} // namespace portscan
