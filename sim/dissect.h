// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "sim/frame.h"
#include "sim/tcp_flags.h"

#include <cstdint>
#include <optional>
#include <string>

namespace portscan {

/// What the harness reads of a frame to attribute it to a source and to describe it. It never
/// decides a verdict: that is the program's alone.
struct Dissection {
    enum class Fragment : std::uint8_t { none, first, later };

    bool is_ip = false;
    std::optional<Address> source;
    std::optional<Address> destination;
    bool is_tcp = false; ///< also a later fragment that says so
    Fragment fragment = Fragment::none;
    std::optional<std::uint16_t> source_port; ///< host byte order
    std::optional<std::uint16_t> destination_port;
    std::optional<std::uint8_t> tcp_flags; ///< byte 13 of the TCP header (RFC 9293)
    /// A probe as docs/detection.md defines it: TCP with neither ACK nor RST, or a first fragment
    /// with 4 to 13 bytes of TCP.
    bool is_probe = false;
    /// Bytes from the start of the frame that decide the verdict: up to the end of the last header
    /// read, whether or not they were captured. A frame cut before that is undecidable.
    std::size_t decisive_length = 0;

    bool operator==(const Dissection &) const = default;
};

/// The answer of an open port: a SYN-ACK (RFC 9293, section 3.5).
bool is_answer(const Dissection &frame);

/// `wire_length` bounds lengths where the capture was cut by its snap length.
Dissection dissect(ByteView frame, std::uint64_t wire_length);

/// One line for people: `10.0.0.1:4711 > 10.0.0.9:22 S`, `10.0.0.1 > 10.0.0.9 UDP`,
/// `ethertype 0x0806, 42 bytes`.
std::string summarize(ByteView frame, std::uint64_t wire_length);

} // namespace portscan
