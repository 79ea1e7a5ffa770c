// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"

#include <cstdint>
#include <span>

// The part of the model (sim/model.h) that reads frames. It was written from the specification and
// the RFCs alone and shares no code with the detector or with the packet library, so that a mistake
// in one of them is not made here too.
namespace portscan {

/// What a frame is to the detector.
struct ModelPacket {
    enum class Kind : std::uint8_t {
        malformed, ///< by the closed list of docs/detection.md
        not_ip,
        not_tcp, ///< IP that carries no TCP, or none that is looked for
        tcp,
    };

    Kind kind = Kind::not_ip;
    Address source{};       ///< of not_tcp and tcp
    bool is_probe = false;  ///< neither ACK nor RST, or too short a first fragment to tell
    std::uint16_t port = 0; ///< destination of a probe
};

ModelPacket read_packet(std::span<const std::uint8_t> frame);

} // namespace portscan
