// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/small_simulator.h"
#include "tests/workbench.h"

#include <chrono>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using namespace test;

/// Options with room for so many sources and blocks of each family.
DetectorOptions sized(unsigned sources, unsigned blocks, DetectorOptions options = {}) {
    options.max_sources = options.max_sources6 = sources;
    options.max_blocked = options.max_blocked6 = blocks;
    return options;
}

class BoundedMemory : public BothFamilies {
  protected:
    Packet probe(const Address &source, std::uint16_t port) const {
        return tcp(source, family.host, port, "S");
    }
    bool remembers(const Simulator &simulator, unsigned number) const {
        return simulator.source(numbered(family, number).to_string()).has_value();
    }
    /// Sources with the numbers [first, last), one port each.
    void flood(Simulator &simulator, unsigned first, unsigned last) const {
        for (unsigned i = first; i < last; ++i)
            EXPECT_EQ(step(simulator, probe(numbered(family, i), 80)), recorded) << i;
    }
};
INSTANTIATE_TEST_SUITE_P(For, BoundedMemory, testing::ValuesIn(families),
                         testing::PrintToStringParamName());

TEST_P(BoundedMemory, OldestUnblockedSourceGivesWay) {
    Simulator simulator{sized(8, 4)}; // 4 places for sources that are not blocked
    flood(simulator, 0, 4);
    EXPECT_EQ(simulator.counters().find("evictions"), 0U);
    for (unsigned i = 0; i < 20; ++i) {
        EXPECT_TRUE(remembers(simulator, i));
        flood(simulator, i + 4, i + 5);
        EXPECT_FALSE(remembers(simulator, i));
        EXPECT_EQ(simulator.counters().find("evictions"), i + 1);
        EXPECT_EQ(simulator.sources().size(), 4U);
    }
}

TEST_P(BoundedMemory, RegistryNeverOverflows) {
    for (const unsigned max_ports : {3U, 16U}) {
        Simulator simulator{sized(10, 3, {.max_ports = max_ports})};
        for (unsigned i = 0; i < 500; ++i)
            for (unsigned port = 0; port < i % (max_ports + 1); ++port)
                EXPECT_EQ(
                    step(simulator, probe(numbered(family, i), static_cast<std::uint16_t>(port))),
                    recorded);
        EXPECT_EQ(simulator.sources().size(), 7U);
        EXPECT_EQ(simulator.counters().of(Reason::insert_failed), 0U);
    }
}

TEST_P(BoundedMemory, RecordSurvivesHalfThePlacesAfterEachPort) {
    for (const unsigned places : {1U, 2U, 3U, 4U, 5U, 8U, 33U}) {
        for (const unsigned max_ports : {3U, 6U}) {
            SCOPED_TRACE(fmt::format("{} places, {} ports", places, max_ports));
            Simulator simulator{sized(places + 1, 1, {.max_ports = max_ports})};
            unsigned next = 0;
            // Wherever in the queue its first port falls.
            for (unsigned phase = 0; phase < 2 * places + 2; ++phase) {
                const Address scanner = numbered(family, 1'000'000 + phase);
                flood(simulator, next, next + 1);
                ++next;
                for (std::uint16_t port = 1; port <= max_ports; ++port) {
                    ASSERT_EQ(step(simulator, probe(scanner, port)), recorded);
                    flood(simulator, next, next + places / 2);
                    next += places / 2;
                }
                ASSERT_EQ(step(simulator, probe(scanner, 99)), threshold) << "phase " << phase;
                simulator.unblock(scanner.to_string());
            }
        }
    }
}

TEST_P(BoundedMemory, RecordIsPutInAnewWithEachPortButNotWithAKnownOne) {
    Simulator simulator{sized(16, 8)};
    flood(simulator, 0, 7);
    EXPECT_EQ(step(simulator, probe(numbered(family, 0), 81)), recorded);
    EXPECT_EQ(step(simulator, probe(numbered(family, 1), 80)), known);
    flood(simulator, 7, 9);
    EXPECT_TRUE(remembers(simulator, 0));
    EXPECT_FALSE(remembers(simulator, 1));
}

TEST_P(BoundedMemory, BlockInForceIsNeverEvicted) {
    for (const bool by_hand : {false, true}) {
        Simulator simulator{sized(8, 4, {.block_for = 1h})};
        for (unsigned i = 0; i < 4; ++i) {
            const Address scanner = numbered(family, 1'000'000 + i);
            if (by_hand)
                simulator.block(scanner.to_string());
            else
                get_blocked(simulator, scanner, family.host);
        }
        flood(simulator, 0, 200);
        for (unsigned i = 0; i < 4; ++i)
            EXPECT_EQ(step(simulator, probe(numbered(family, 1'000'000 + i), 1)), blocked);
        EXPECT_EQ(simulator.sources().size(), 8U);
    }
}

TEST_P(BoundedMemory, ExpiredBlockGivesWayLikeAnyOther) {
    Simulator simulator{sized(5, 1, {.block_for = 10s})};
    get_blocked(simulator, numbered(family, 100), family.host);
    simulator.set_time(9'999'999'999);
    flood(simulator, 0, 3);
    EXPECT_TRUE(remembers(simulator, 100));
    simulator.set_time(10'000'000'000);
    flood(simulator, 3, 4);
    EXPECT_FALSE(remembers(simulator, 100));
    EXPECT_EQ(simulator.counters().find("evictions"), 1U);
    get_blocked(simulator, numbered(family, 101), family.host);
    EXPECT_TRUE(simulator.source(numbered(family, 101).to_string())->blocked)
        << "its place is free";
}

TEST_P(BoundedMemory, StaleEntryOfTheQueueEvictsNobody) {
    Simulator simulator{sized(8, 4)};
    flood(simulator, 0, 3);
    simulator.unblock(numbered(family, 0).to_string());
    flood(simulator, 0, 1); // another life, behind the others
    flood(simulator, 3, 4); // takes the place of the first life
    for (const unsigned number : {0U, 1U, 2U, 3U}) EXPECT_TRUE(remembers(simulator, number));
    EXPECT_EQ(simulator.counters().find("evictions"), 0U);
}

TEST_P(BoundedMemory, InsertionsAreCountedBeyond32Bits) {
    for (const unsigned places : {3U, 4U, 7U}) {
        Workbench bench{sized(places + 1, 1)};
        const int map = bench.detector.maps().state;
        const __u32 key = 0;
        portscan_state state{};
        for (auto &family_state : state.family) family_state.queue_head = (1ULL << 32) - 5;
        ASSERT_EQ(bpf_map_update_elem(map, &key, &state, BPF_ANY), 0);
        for (unsigned i = 0; i < 30; ++i) {
            EXPECT_EQ(bench.run(probe(numbered(family, i), 80)), recorded);
            EXPECT_EQ(bench.registry.all().size(), std::min(i + 1, places));
        }
        for (const std::uint16_t port : {1, 2, 3})
            EXPECT_EQ(bench.run(syn(family, port)), recorded);
        EXPECT_EQ(bench.run(syn(family, 4)), threshold);
    }
}

// The bound on blocks.

TEST_P(BoundedMemory, HalfOfTheRecordsCanBeBlocksUnlessOtherwiseSaid) {
    Simulator simulator{{.max_sources = 8, .max_sources6 = 8}};
    for (unsigned i = 0; i < 6; ++i) get_blocked(simulator, numbered(family, i), family.host);
    EXPECT_EQ(simulator.expire().blocks_left, 4U);
    EXPECT_EQ(simulator.counters().of(Reason::block_refused), 2U);
}

TEST_P(BoundedMemory, CrossingProbeIsRefusedAtTheBound) {
    for (const unsigned max_ports : {3U, 16U}) {
        Simulator simulator{sized(8, 1, {.max_ports = max_ports})};
        get_blocked(simulator, family.bystander, family.host);
        for (std::uint16_t port = 1; port <= max_ports; ++port) simulator.run(syn(family, port));
        simulator.set_time(30'000'000'000);
        for (const std::uint16_t port : {100, 101, 100, 0})
            EXPECT_EQ(step(simulator, syn(family, port)), block_refused);
        const auto source = simulator.source(family.scanner);
        EXPECT_FALSE(source->blocked);
        EXPECT_EQ(source->ports.size(), max_ports) << "stays full";
        EXPECT_EQ(source->timestamp_ns, 0U) << "no refresh";
        EXPECT_EQ(step(simulator, tcp(family.scanner, family.host, 1, "A")), not_probe);
        EXPECT_EQ(simulator.counters().of(Reason::block_refused), 4U);
        EXPECT_EQ(simulator.take_events().size(), 1U) << "that of the bystander";

        EXPECT_EQ(step(simulator, syn(family, 1)), known)
            << "a recorded port passes, and refreshes";
        EXPECT_EQ(simulator.source(family.scanner)->timestamp_ns, 30'000'000'000U);
        simulator.unblock(family.bystander);
        EXPECT_EQ(step(simulator, syn(family, 102)), threshold) << "there is room again";
    }
}

TEST_P(BoundedMemory, RefusedSourceIsForgottenAfterTheWindow) {
    Simulator simulator{sized(8, 1)};
    get_blocked(simulator, family.bystander, family.host);
    for (const std::uint16_t port : {1, 2, 3}) simulator.run(syn(family, port));
    simulator.set_time(59'999'999'999);
    EXPECT_EQ(step(simulator, syn(family, 4)), block_refused);
    simulator.set_time(60'000'000'000);
    EXPECT_EQ(step(simulator, syn(family, 4)), recorded);
}

TEST_P(BoundedMemory, ExpiredBlocksMakeRoomAfterOnePass) {
    Simulator simulator{sized(8, 2, {.block_for = 10s})};
    get_blocked(simulator, numbered(family, 1), family.host);
    get_blocked(simulator, numbered(family, 2), family.host);
    simulator.set_time(10'000'000'000);
    EXPECT_EQ(simulator.expire().blocks_freed, 2U);
    for (const unsigned number : {3U, 4U, 5U})
        get_blocked(simulator, numbered(family, number), family.host);
    EXPECT_EQ(simulator.expire().blocks_left, 2U);
}

TEST_P(BoundedMemory, BlockThatStartsAfreshMakesRoomWithoutAPass) {
    Simulator simulator{sized(8, 1, {.block_for = 10s})};
    get_blocked(simulator, family.bystander, family.host);
    simulator.set_time(10'000'000'000);
    EXPECT_EQ(step(simulator, tcp(family.bystander, family.host, 1, "S")), recorded);
    get_blocked(simulator, family.scanner, family.host);
    EXPECT_TRUE(simulator.source(family.scanner)->blocked);
}

// Changes behind the program's back.

TEST_P(BoundedMemory, DeletedBlocksAreCountedOffByTheNextPass) {
    Workbench bench{sized(8, 2)};
    for (const unsigned number : {1U, 2U})
        for (const std::uint16_t port : {1, 2, 3, 4})
            bench.run(probe(numbered(family, number), port));
    bench.delete_record(numbered(family, 1).to_string());
    bench.delete_record(numbered(family, 2).to_string());
    bench.expirer.pass(0);
    for (const unsigned number : {3U, 4U, 5U}) {
        for (const std::uint16_t port : {1, 2, 3}) bench.run(probe(numbered(family, number), port));
        EXPECT_EQ(bench.run(probe(numbered(family, number), 4)),
                  number == 5 ? block_refused : threshold);
    }
}

TEST_P(BoundedMemory, InsertedBlocksAreCountedByTheNextPass) {
    Workbench bench{sized(8, 1)};
    portscan_record block{};
    block.blocked = 1;
    bench.put_record(family.bystander, block);
    bench.expirer.pass(0);
    for (const std::uint16_t port : {1, 2, 3}) bench.run(syn(family, port));
    EXPECT_EQ(bench.run(syn(family, 4)), block_refused);
}

TEST_P(BoundedMemory, SourceThatFindsNoRoomIsDropped) {
    Workbench bench{sized(4, 2)};
    for (unsigned number = 0; number < 4; ++number) // not in the queue: nobody can give way
        bench.put_record(numbered(family, number).to_string(), {});
    EXPECT_EQ(bench.run(syn(family, 1)), insert_failed);
    EXPECT_EQ(bench.run(tcp(family.scanner, family.host, 1, "A")), not_probe);
    EXPECT_FALSE(bench.record(family.scanner));
    bench.clock.set(200'000'000'000);
    bench.expirer.pass(200'000'000'000);
    EXPECT_EQ(bench.run(syn(family, 1)), recorded) << "once the pass made room";
}

TEST_P(BoundedMemory, DeletedRecordsLeaveNoPortsBehind) {
    Workbench bench{sized(8, 4, {.max_ports = 16})};
    for (unsigned number = 0; number < 100; ++number) {
        const Address source = numbered(family, number);
        for (std::uint16_t port = 1; port <= 16; ++port)
            ASSERT_EQ(bench.run(probe(source, port)), recorded) << number;
        ASSERT_EQ(bench.run(probe(source, 17)), threshold);
        bench.delete_record(source.to_string());
        bench.expirer.pass(0);
    }
}

} // namespace
} // namespace portscan
