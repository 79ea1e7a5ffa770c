// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/events.h"
#include "tests/small_simulator.h"
#include "tests/workbench.h"

#include <gtest/gtest.h>
#include <random>

namespace portscan {
namespace {

using namespace test;

/// A registry of 1,000 records, half of which can be blocks, against 100,000 random sources.
class Flood : public BothFamilies {
  protected:
    static constexpr unsigned sources = 100'000;
    static constexpr unsigned capacity = 1'000;

    Simulator simulator_{{.max_sources = capacity, .max_sources6 = capacity}};
    std::mt19937 random_{20'240'501};

    Packet probe(const Address &source, std::uint16_t port) const {
        return tcp(source, family.host, port, "S");
    }
    /// A source that is none of those of scanner().
    Address stranger() { return numbered(family, 1'000 + random_() % 10'000'000); }
    Address scanner(unsigned number) const { return numbered(family, number); }
};
INSTANTIATE_TEST_SUITE_P(For, Flood, testing::ValuesIn(families),
                         testing::PrintToStringParamName());

TEST_P(Flood, KeepsEveryBlock) {
    constexpr unsigned blocks = capacity / 2;
    for (unsigned i = 0; i < sources; ++i) {
        if (i % (sources / blocks) == 0)
            get_blocked(simulator_, scanner(i / (sources / blocks)), family.host);
        simulator_.run(probe(stranger(), static_cast<std::uint16_t>(random_())));
    }
    for (unsigned i = 0; i < blocks; ++i)
        EXPECT_EQ(step(simulator_, probe(scanner(i), 1)), blocked) << i;
    const auto counters = simulator_.counters();
    EXPECT_EQ(counters.find("blocks"), blocks);
    EXPECT_EQ(counters.of(Reason::insert_failed), 0U);
    const auto left = simulator_.expire().sources_left;
    EXPECT_LE(left, capacity);
    EXPECT_GT(left, capacity - 10) << "a source that moved on in the queue leaves a gap";
    EXPECT_EQ(counters.find("inserted"), *counters.find("evictions") + left);
}

TEST_P(Flood, ScannerIsBlockedAtItsFourthPort) {
    // Half of the 500 places lies between two of its ports.
    for (unsigned number = 0; number < 100; ++number) {
        for (std::uint16_t port = 1; port <= 3; ++port) {
            ASSERT_EQ(step(simulator_, probe(scanner(number), port)), recorded);
            for (unsigned i = 0; i < capacity / 4; ++i) simulator_.run(probe(stranger(), 80));
        }
        ASSERT_EQ(step(simulator_, probe(scanner(number), 4)), threshold);
    }
}

TEST_P(Flood, EventsThatFindTheRingFullAreCountedAndTheBlockStands) {
    constexpr unsigned many = 5'000; // the ring holds 256 KiB
    DetectorOptions options{.max_ports = 1};
    options.max_sources = options.max_sources6 = 2 * many;
    Workbench bench{options};
    for (unsigned i = 0; i < many; ++i)
        for (const std::uint16_t port : {1, 2}) bench.run(probe(scanner(i), port));
    const auto counters = bench.counters.read();
    EXPECT_EQ(counters.find("blocks"), many);
    EXPECT_EQ(bench.run(probe(scanner(many - 1), 1)), blocked);
    EventReader reader{bench.detector.maps().events};
    const auto events = reader.take();
    EXPECT_EQ(events.size() + *counters.find("events_lost"), many);
    EXPECT_GT(events.size(), 3'000U);
    EXPECT_GT(counters.find("events_lost"), 0U);
}

} // namespace
} // namespace portscan
