// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/endpoint.h"
#include "sim/traffic_kind.h"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace portscan {

/// One TCP connection as both sides speak it, written into a script. Sequence numbers are kept;
/// packets of one side to the other are half a round trip apart.
class Conversation {
  public:
    /// Both endpoints have a port. Starts `begin` after its session.
    Conversation(SessionScript &script, const Endpoint &client, const Endpoint &server,
                 Random &random, std::chrono::nanoseconds begin = {});

    Conversation &open();   ///< SYN, SYN-ACK, ACK
    Conversation &refuse(); ///< SYN, RST-ACK
    /// Data of one side in segments of up to 1448 bytes, acknowledged by the other.
    Conversation &client_sends(std::size_t bytes) { return send_data(client_, server_, bytes); }
    Conversation &server_sends(std::size_t bytes) { return send_data(server_, client_, bytes); }
    Conversation &wait(std::chrono::nanoseconds time);
    Conversation &close(); ///< FIN of the client, FIN of the server, ACK
    Conversation &reset(); ///< RST of the client

    /// When the next packet goes, after the session's start.
    std::chrono::nanoseconds time() const { return time_; }

  private:
    struct Side {
        Endpoint endpoint;
        std::uint32_t sequence;
    };
    Conversation &send_data(Side &from, Side &to, std::size_t bytes);
    void send(Side &from, const Side &to, std::uint8_t flags, std::size_t payload = 0);

    SessionScript *script_;
    Side client_, server_;
    std::chrono::nanoseconds half_round_trip_;
    std::chrono::nanoseconds time_;
};

} // namespace portscan
