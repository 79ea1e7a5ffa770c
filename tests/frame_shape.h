// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/packet.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// Frames described by the lengths of their parts, and what docs/detection.md makes of them, by
// arithmetic on these lengths: no byte of the frame is read, so that nothing is shared with the
// program or with the harness's own reader.
namespace portscan::test {

/// What a frame is, before anybody asks who sent it.
enum class Kind : std::uint8_t { malformed, not_ip, not_tcp, not_probe, probe };

/// Which bytes of the whole segment an IP packet carries.
enum class Part : std::uint8_t { whole, first, later };

/// What the length field of the IP header says of a frame that was cut.
enum class Lengths : std::uint8_t {
    as_sent, ///< the length of before the cut
    follow,  ///< up to the cut
    zero,    ///< 0, which for IPv4 means up to the cut
};

/// An IPv6 extension header by its number (RFC 8200).
struct Extension {
    std::uint8_t type;
    std::size_t size;        ///< bytes
    Part part = Part::whole; ///< of a fragment header; whole: an atomic one
};
inline constexpr std::uint8_t fragment_header = 44;

struct FrameShape {
    std::string name;
    bool ipv6 = false;
    std::size_t tags = 0;
    bool other_ethertype = false; ///< ARP
    unsigned ihl = 5;             ///< words; IPv4
    Part part = Part::whole;      ///< IPv4
    std::vector<Extension> chain{};
    std::uint8_t protocol = 6;
    std::size_t segment = 40; ///< bytes behind the IP headers
    unsigned data_offset = 5; ///< words; of TCP
    const char *flags = "S";
    std::size_t padding = 0;

    std::size_t ip_at() const { return 14 + 4 * tags; }
    std::size_t chain_size() const;
};

/// The whole frame, from the family's scanner to parsed_port of its host.
Bytes build(const FrameShape &shape);
/// The frame's first `size` bytes.
Bytes cut(const FrameShape &shape, const Bytes &whole, std::size_t size, Lengths lengths);
/// What these bytes are.
Kind expected_kind(const FrameShape &shape, std::size_t size, Lengths lengths = Lengths::as_sent);

} // namespace portscan::test
