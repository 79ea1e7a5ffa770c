// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/simulator.h"
#include "tests/families.h"
#include "tests/outcome.h"

#include <gtest/gtest.h>

// Simulators that are quick to make, and tests that run once for each address family.
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

/// Probes as many ports, from 60001 on, as it takes to be blocked.
inline void get_blocked(Simulator &simulator, const Host &source, const Host &host) {
    for (unsigned i = 0; i <= simulator.options().max_ports; ++i)
        simulator.run(tcp(source, host, static_cast<std::uint16_t>(60001 + i), "S"));
}

} // namespace portscan::test
