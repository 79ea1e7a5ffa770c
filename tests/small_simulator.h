// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/simulator.h"
#include "tests/outcome.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <ostream>

// Simulators that are quick to make, and both address families in one test.
namespace portscan::test {

/// The options with room for 4,096 sources of each family, where they ask for no other size. With
/// the default sizes the kernel allocates 100 MB for each simulator.
inline DetectorOptions small(DetectorOptions options = {}) {
    const DetectorOptions defaults;
    if (options.max_sources == defaults.max_sources) options.max_sources = 4096;
    if (options.max_sources6 == defaults.max_sources6) options.max_sources6 = 4096;
    return options;
}

inline Outcome step(Simulator &simulator, const Packet &packet) {
    const RunResult result = simulator.step(packet.bytes());
    return {result.verdict, result.reason};
}

/// Two addresses of one family that have nothing to do with each other.
struct Family {
    const char *name;
    bool ipv6;
    const char *scanner; ///< the source under test
    const char *bystander;
    const char *host; ///< to which they send
};

inline constexpr std::array families{
    Family{"IPv4", false, "10.0.0.1", "10.0.0.2", "10.0.0.9"},
    Family{"IPv6", true, "2001:db8::1", "2001:db8:0:1::1", "fd00::9"}};

inline void PrintTo(const Family &family, std::ostream *out) {
    *out << family.name;
}

/// What a suite derives from to run once for each family:
/// INSTANTIATE_TEST_SUITE_P(For, Suite, testing::ValuesIn(families),
/// testing::PrintToStringParamName())
class BothFamilies : public testing::TestWithParam<Family> {
  protected:
    const Family &family = GetParam();
};

/// A SYN of the family's scanner.
inline Packet syn(const Family &family, std::uint16_t port) {
    return tcp(family.scanner, family.host, port, "S");
}

/// Source number `number` of the family, up to 2^24: an address, for IPv6 with a /64 of its own.
inline Address numbered(const Family &family, unsigned number) {
    const auto byte = [&](unsigned shift) { return static_cast<std::uint8_t>(number >> shift); };
    const std::array<std::uint8_t, 4> bytes{11, byte(16), byte(8), byte(0)};
    if (!family.ipv6) return Address::ipv4(bytes.data());
    Address address = Address::parse("2a00::1").value();
    std::copy(bytes.begin() + 1, bytes.end(), address.bytes.begin() + 3);
    return address;
}

/// Probes as many ports, from 60001 on, as it takes to be blocked.
inline void get_blocked(Simulator &simulator, const Host &source, const Host &host) {
    for (unsigned i = 0; i <= simulator.options().max_ports; ++i)
        simulator.run(tcp(source, host, static_cast<std::uint16_t>(60001 + i), "S"));
}

} // namespace portscan::test
