// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "tests/small_simulator.h"

#include <gmock/gmock.h>
#include <string>
#include <vector>

// One frame and what it is taken for.
namespace portscan::test {

/// Where every TCP packet of the parsing tests goes.
inline constexpr std::uint16_t parsed_port = 443;

/// A frame of the family's scanner. A probe in it is one of parsed_port.
struct ParsingCase {
    std::string description;
    Bytes frame;
    Outcome outcome; ///< with nothing recorded of the scanner
};

/// Runs each frame as the first one of its source. What is recorded must be the right port of the
/// right source: the parser looked at the right bytes.
inline void check(Simulator &simulator, const Family &family,
                  const std::vector<ParsingCase> &cases) {
    for (const auto &[description, frame, outcome] : cases) {
        SCOPED_TRACE(description);
        simulator.unblock(family.scanner);
        const RunResult result = simulator.step(frame);
        EXPECT_EQ((Outcome{result.verdict, result.reason}), outcome);
        const auto source = simulator.source(family.scanner);
        EXPECT_EQ(source.has_value(), outcome == recorded);
        if (source) {
            EXPECT_THAT(source->ports, testing::ElementsAre(parsed_port));
        }
        EXPECT_EQ(simulator.sources().size(), source ? 1U : 0U);
    }
}

/// `size` bytes of a TCP header with the flags, and what follows it, in an IP packet.
inline Packet segment_of(const Family &family, std::size_t size, const char *flags = "S") {
    const Bytes whole =
        tcp(family.scanner, family.host, parsed_port, flags).payload_size(1500).bytes();
    const auto start = whole.begin() + (family.ipv6 ? 54 : 34);
    return ip(family.scanner, family.host, 6,
              Bytes(start, start + static_cast<std::ptrdiff_t>(size)));
}

} // namespace portscan::test
