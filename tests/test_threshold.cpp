// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/small_simulator.h"
#include "tests/workbench.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>

namespace portscan {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::ElementsAreArray;

class Threshold : public BothFamilies {};
INSTANTIATE_TEST_SUITE_P(For, Threshold, testing::ValuesIn(families),
                         testing::PrintToStringParamName());

TEST_P(Threshold, ThirdPortPassesFourthIsDropped) {
    Simulator simulator{small()};
    EXPECT_EQ(step(simulator, syn(family, 22)), recorded);
    EXPECT_EQ(step(simulator, syn(family, 23)), recorded);
    EXPECT_EQ(step(simulator, syn(family, 25)), recorded);
    EXPECT_FALSE(simulator.source(family.scanner)->blocked);
    EXPECT_EQ(step(simulator, syn(family, 80)), threshold);
    EXPECT_TRUE(simulator.source(family.scanner)->blocked);
    EXPECT_EQ(step(simulator, syn(family, 443)), blocked);
    EXPECT_EQ(step(simulator, syn(family, 22)), blocked) << "a recorded port";
}

struct PortSequence {
    const char *description;
    std::vector<std::uint16_t> ports;
    std::vector<Outcome> outcomes;
};

const std::vector<PortSequence> port_sequences{
    {"port 0 is a port", {0, 1, 2, 3}, {recorded, recorded, recorded, threshold}},
    {"port 0 can be the trigger", {1, 2, 3, 0}, {recorded, recorded, recorded, threshold}},
    {"an unused place is not port 0",
     {1, 0, 0, 2, 3},
     {recorded, recorded, known, recorded, threshold}},
    {"two unused places are not port 0", {1, 2, 0, 3}, {recorded, recorded, recorded, threshold}},
    {"the highest ports", {65535, 65534, 65533, 65532}, {recorded, recorded, recorded, threshold}},
    {"a port counts once", {80, 80, 80, 80, 80, 80}, {recorded, known, known, known, known, known}},
    {"in whatever order they come again",
     {1, 2, 1, 3, 2, 1, 3, 4},
     {recorded, recorded, known, recorded, known, known, known, threshold}},
    {"both bytes of a port count",
     {0x0102, 0x0201, 0x0101, 0x0202},
     {recorded, recorded, recorded, threshold}},
};

TEST_P(Threshold, CountsDistinctPorts) {
    Simulator simulator{small()};
    for (const auto &[description, ports, outcomes] : port_sequences) {
        SCOPED_TRACE(description);
        simulator.unblock(family.scanner);
        std::vector<Outcome> got;
        got.reserve(ports.size());
        for (const auto port : ports) got.push_back(step(simulator, syn(family, port)));
        EXPECT_EQ(got, outcomes);
    }
}

TEST_P(Threshold, IsExactForEachMaxPorts) {
    for (unsigned max_ports = 1; max_ports <= 16; ++max_ports) {
        SCOPED_TRACE(max_ports);
        Simulator simulator{small({.max_ports = max_ports})};
        std::vector<std::uint16_t> ports(max_ports);
        // Downwards and through 0, so that neither order nor emptiness is taken for anything.
        std::iota(ports.rbegin(), ports.rend(), std::uint16_t{0});
        for (std::size_t i = 0; i < ports.size(); ++i) {
            EXPECT_EQ(step(simulator, syn(family, ports[i])), recorded);
            for (std::size_t earlier = 0; earlier <= i; ++earlier)
                EXPECT_EQ(step(simulator, syn(family, ports[earlier])), known);
        }
        EXPECT_THAT(simulator.source(family.scanner)->ports, ElementsAreArray(ports));
        EXPECT_EQ(step(simulator, syn(family, 999)), threshold);
        EXPECT_THAT(simulator.take_events().at(0).ports, ElementsAreArray(ports));
        EXPECT_EQ(step(simulator, syn(family, 0)), blocked);
    }
}

TEST_P(Threshold, SourcesCountApart) {
    Simulator simulator{small()};
    get_blocked(simulator, family.scanner, family.host);
    for (const std::uint16_t port : {60001, 60002, 60003})
        EXPECT_EQ(step(simulator, tcp(family.bystander, family.host, port, "S")), recorded);
    EXPECT_FALSE(simulator.source(family.bystander)->blocked);
}

TEST_P(Threshold, OnePortOnManyHostsIsOnePort) {
    Simulator simulator{small({.max_ports = 1})};
    EXPECT_EQ(step(simulator, tcp(family.scanner, family.host, 445, "S")), recorded);
    EXPECT_EQ(step(simulator, tcp(family.scanner, family.bystander, 445, "S")), known);
}

TEST_P(Threshold, SourcePortDoesNotCount) {
    Simulator simulator{small({.max_ports = 1})};
    EXPECT_EQ(step(simulator, syn(family, 80).source_port(1)), recorded);
    EXPECT_EQ(step(simulator, syn(family, 80).source_port(2)), known);
}

TEST_P(Threshold, EventTellsEverythingOnce) {
    Simulator simulator{small()};
    simulator.set_time(7'000'000'001);
    for (const std::uint16_t port : {443, 0, 65535}) simulator.run(syn(family, port));
    EXPECT_TRUE(simulator.take_events().empty());
    simulator.advance(std::chrono::nanoseconds{5});
    simulator.run(syn(family, 8080));
    for (const std::uint16_t port : {8081, 443, 1}) simulator.run(syn(family, port));

    const auto events = simulator.take_events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].source, simulator.source(family.scanner)->source);
    EXPECT_EQ(events[0].time_ns, 7'000'000'006U);
    EXPECT_THAT(events[0].ports, ElementsAre(443, 0, 65535));
    EXPECT_EQ(events[0].trigger_port, 8080);
    EXPECT_EQ(events[0].ifindex, 1U) << "test runs come in by lo";
    EXPECT_FALSE(events[0].dry_run);
    EXPECT_EQ(simulator.counters().find("blocks"), 1U);
}

TEST_P(Threshold, TriggerPortIsNotARecordedOne) {
    Simulator simulator{small()};
    simulator.set_time(5);
    for (const std::uint16_t port : {1, 2, 3, 4}) simulator.run(syn(family, port));
    const auto source = simulator.source(family.scanner);
    EXPECT_THAT(source->ports, ElementsAre(1, 2, 3));
    EXPECT_EQ(source->trigger_port, 4);
    EXPECT_EQ(source->ifindex, 1U);
    EXPECT_FALSE(source->manual);
    EXPECT_FALSE(source->dry_run);
}

bool same_bytes(const portscan_record &left, const portscan_record &right) {
    return std::memcmp(&left, &right, sizeof(left)) == 0;
}

TEST_P(Threshold, PacketsOfABlockedSourceNeverChangeItsRecord) {
    Workbench bench{small({.window = std::chrono::seconds{1}})};
    for (const std::uint16_t port : {1, 2, 3, 4}) bench.run(syn(family, port));
    const auto before = bench.record(family.scanner);
    for (const std::uint64_t time_ns : {1ULL, 2'000'000'000ULL, 1ULL << 62}) {
        bench.clock.set(time_ns);
        for (const char *flags : {"S", "-", "A", "R", "FPU"})
            for (const std::uint16_t port : {1, 4, 5})
                EXPECT_EQ(bench.run(tcp(family.scanner, family.host, port, flags)), blocked);
        bench.run(udp(family.scanner, family.host, 53));
    }
    EXPECT_TRUE(same_bytes(*bench.record(family.scanner), *before));
}

TEST_P(Threshold, EveryByteOfARecordIsInitialised) {
    Workbench bench{small({.max_sources = 2, .max_sources6 = 2})};
    bench.clock.set(77);
    portscan_record dirt;
    std::memset(&dirt, 0xff, sizeof(dirt));
    for (int life = 0; life < 8; ++life) { // whatever memory the map hands out
        bench.put_record(family.bystander, dirt);
        bench.delete_record(family.bystander);
        bench.run(syn(family, 9));
        auto record = bench.record(family.scanner).value();
        record.tag = 0;         // differs between lives
        record.queue_place = 0; // counts insertions
        EXPECT_NE(record.life, dirt.life);
        record.life = 0; // the same
        portscan_record expected{};
        expected.port1 = 9;
        expected.count = 1;
        expected.packet_timestamp = 77;
        EXPECT_TRUE(same_bytes(record, expected));
        bench.delete_record(family.scanner);
    }
}

} // namespace
} // namespace portscan
