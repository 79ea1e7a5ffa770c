// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/address_pool.h"
#include "sim/dissect.h"
#include "sim/endpoint.h"
#include "sim/packet.h"
#include "sim/traffic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <unordered_set>

namespace portscan {

void PrintTo(const TrafficKindInfo &kind, std::ostream *out) {
    *out << kind.name;
}

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using AddressSet = std::unordered_set<Address, AddressHash>;
using Keys = std::vector<std::pair<std::string_view, std::string_view>>;

TrafficSpec spec_of(const Keys &keys) {
    TrafficSpec spec;
    for (const auto &[name, value] : keys) {
        const auto key = std::ranges::find(traffic_keys(), name, &TrafficKey::name);
        if (key == traffic_keys().end()) throw std::logic_error("no such key");
        key->set(spec, value);
    }
    return spec;
}

struct Seen : Dissection {
    std::uint64_t time_ns = 0;
};

std::vector<Frame> drain(FrameSource &source) {
    std::vector<Frame> frames;
    while (auto frame = source.next()) frames.push_back(std::move(*frame));
    return frames;
}

std::vector<Frame> frames_of_kind(const Keys &keys) {
    return drain(*open_traffic(spec_of(keys)));
}

std::vector<Seen> seen_of(const Keys &keys) {
    std::vector<Seen> all;
    for (const Frame &frame : frames_of_kind(keys))
        all.push_back({dissect(frame.bytes, frame.bytes.size()), frame.time_ns});
    return all;
}

/// Distinct ports that each source probed: what the detector counts.
std::map<std::string, std::set<std::uint16_t>> probed_ports(const Keys &keys) {
    std::map<std::string, std::set<std::uint16_t>> ports;
    for (const Seen &seen : seen_of(keys))
        if (seen.is_probe) ports[seen.source->to_string()].insert(*seen.destination_port);
    return ports;
}

std::string refusal(const Keys &keys) {
    try {
        validate(spec_of(keys));
    } catch (const TrafficError &error) {
        return error.what();
    }
    return {};
}

std::string name_of(const testing::TestParamInfo<TrafficKindInfo> &info) {
    std::string name{info.param.name};
    std::erase(name, '-');
    return name;
}

class EveryKind : public testing::TestWithParam<TrafficKindInfo> {};
INSTANTIATE_TEST_SUITE_P(Traffic, EveryKind, testing::ValuesIn(traffic_kinds()), name_of);

TEST_P(EveryKind, IsReproducibleFromItsSeed) {
    const auto bytes_of = [&](std::string_view seed) {
        Bytes all;
        for (const Frame &frame :
             frames_of_kind({{"kind", GetParam().name}, {"count", "20"}, {"seed", seed}})) {
            all.insert(all.end(), frame.bytes.begin(), frame.bytes.end());
            all.push_back(static_cast<std::uint8_t>(frame.time_ns));
        }
        return all;
    };
    EXPECT_EQ(bytes_of("7"), bytes_of("7"));
    EXPECT_NE(bytes_of("7"), bytes_of("8"));
}

TEST_P(EveryKind, IsTcpInTimeOrderInBothFamiliesAndBehindTags) {
    for (const std::string_view family : {"ipv4", "ipv6"}) {
        for (const std::string_view vlan : {"", "7", "100,7"}) {
            Keys keys{{"kind", GetParam().name}, {"family", family}, {"count", "50"}};
            if (!vlan.empty()) keys.emplace_back("vlan", vlan);
            const auto frames = seen_of(keys);
            ASSERT_GE(frames.size(), 50U);
            EXPECT_TRUE(std::ranges::is_sorted(frames, {}, &Seen::time_ns));
            for (const Seen &seen : frames) {
                ASSERT_TRUE(seen.is_tcp);
                ASSERT_EQ(seen.source->is_ipv6(), family == "ipv6");
                ASSERT_TRUE(seen.destination_port || seen.fragment == Dissection::Fragment::later);
            }
        }
    }
}

TEST_P(EveryKind, StartsWhenItIsToldAndEndsWithItsDuration) {
    const Keys keys{
        {"kind", GetParam().name}, {"start", "10s"}, {"rate", "10"}, {"duration", "2s"}};
    const auto frames = frames_of_kind(keys);
    ASSERT_FALSE(frames.empty());
    EXPECT_EQ(frames.front().time_ns, 10'000'000'000U);
    Keys counted = keys;
    counted.emplace_back("count", "20");
    EXPECT_EQ(frames_of_kind(counted).size(), frames.size()) << "20 sessions in 2 seconds";
}

TEST(Traffic, VlansAreTaggedOutermostFirst) {
    const auto frames = frames_of_kind({{"kind", "syn"}, {"count", "1"}, {"vlan", "100,7"}});
    const Bytes &frame = frames.at(0).bytes;
    EXPECT_THAT(Bytes(frame.begin() + 12, frame.begin() + 20),
                ElementsAre(0x88, 0xa8, 0, 100, 0x81, 0, 0, 7));
}

TEST(Traffic, ScansHaveTheirFlags) {
    const std::pair<std::string_view, std::uint8_t> scans[] = {
        {"syn", tcp_syn},
        {"null", 0},
        {"fin", tcp_fin},
        {"xmas", tcp_fin | tcp_psh | tcp_urg},
        {"synfin", tcp_syn | tcp_fin},
        {"ack", tcp_ack}};
    for (const auto &[kind, flags] : scans)
        for (const Seen &seen : seen_of({{"kind", kind}, {"count", "5"}}))
            EXPECT_EQ(seen.tcp_flags, flags);
}

TEST(Traffic, ScanTakesThePortsInTheirOrderAtItsRate) {
    const auto frames = seen_of({{"kind", "syn"},
                                 {"source", "192.0.2.1"},
                                 {"target", "192.0.2.9"},
                                 {"ports", "443,20-22"},
                                 {"rate", "4"},
                                 {"start", "1s"}});
    ASSERT_EQ(frames.size(), 4U);
    const std::uint16_t ports[] = {443, 20, 21, 22};
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(frames[i].destination_port, ports[i]);
        EXPECT_EQ(frames[i].time_ns, 1'000'000'000 + i * 250'000'000);
        EXPECT_EQ(frames[i].source, Address::parse("192.0.2.1"));
        EXPECT_EQ(frames[i].destination, Address::parse("192.0.2.9"));
    }
}

TEST(Traffic, CountBeyondTheScanStartsItOver) {
    const auto frames = seen_of({{"kind", "syn"}, {"ports", "1-3"}, {"count", "5"}});
    ASSERT_EQ(frames.size(), 5U);
    EXPECT_EQ(frames[3].destination_port, 1);
}

TEST(Traffic, ShuffledScanProbesEveryPortOnce) {
    std::vector<std::uint16_t> ports;
    for (const Seen &seen : seen_of({{"kind", "syn"}, {"ports", "0-65535"}, {"shuffle", "true"}}))
        ports.push_back(*seen.destination_port);
    EXPECT_FALSE(std::ranges::is_sorted(ports));
    EXPECT_EQ(ports.size(), 65536U);
    EXPECT_EQ(std::set<std::uint16_t>(ports.begin(), ports.end()).size(), 65536U);
}

TEST(Traffic, ConnectScanShakesHandsOnOpenPortsOnly) {
    std::vector<std::string> flags;
    for (const Seen &seen :
         seen_of({{"kind", "connect"}, {"ports", "22,23"}, {"open-ports", "22"}, {"rate", "1"}}))
        flags.push_back(format_tcp_flags(*seen.tcp_flags));
    EXPECT_THAT(flags, ElementsAre("S", "SA", "A", "RA", "S", "RA"));
}

TEST(Traffic, FragmentedScanHidesItsFlags) {
    const auto frames = seen_of({{"kind", "fragments"}, {"ports", "22"}});
    ASSERT_EQ(frames.size(), 3U);
    EXPECT_TRUE(frames[0].is_probe && !frames[0].tcp_flags);
    EXPECT_EQ(frames[0].destination_port, 22);
    for (std::size_t i : {1U, 2U}) EXPECT_EQ(frames[i].fragment, Dissection::Fragment::later);
}

TEST(Traffic, DecoysAllProbeEveryPort) {
    const auto ports =
        probed_ports({{"kind", "decoys"}, {"source", "10.0.0.1,192.0.2.0/31"}, {"ports", "1-9"}});
    EXPECT_EQ(ports.size(), 3U);
    for (const auto &[source, probed] : ports) EXPECT_EQ(probed.size(), 9U) << source;
}

TEST(Traffic, FloodComesFromAnybody) {
    AddressSet sources;
    for (const Seen &seen : seen_of({{"kind", "random-flood"}, {"source", "10.0.0.0/8"}})) {
        sources.insert(*seen.source);
        ASSERT_EQ(seen.source->bytes[0], 10);
        ASSERT_EQ(seen.destination_port, 80);
    }
    EXPECT_GT(sources.size(), 9'980U) << "of 10,000";
}

TEST(Traffic, LongFloodIsMadeFrameByFrame) {
    const auto flood = open_traffic(
        spec_of({{"kind", "random-flood"}, {"count", "100000000"}, {"rate", "1000000"}}));
    for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(flood->next()->time_ns, i * 1000);
}

TEST(Traffic, SlowScanTakesItsTime) {
    const auto frames = seen_of({{"kind", "slow"}, {"count", "4"}});
    EXPECT_EQ(frames.at(3).time_ns, 60'000'000'000U);
    EXPECT_TRUE(std::ranges::all_of(frames, &Seen::is_probe));
}

TEST(Traffic, SweepAsksManyHostsAboutOnePort) {
    for (const std::string_view family : {"ipv4", "ipv6"}) {
        AddressSet hosts;
        for (const Seen &seen : seen_of({{"kind", "sweep"}, {"family", family}})) {
            hosts.insert(*seen.destination);
            EXPECT_EQ(seen.destination_port, 22);
        }
        EXPECT_EQ(hosts.size(), 256U);
    }
}

TEST(Traffic, ManySourcesShareThePortsOut) {
    for (const std::string_view family : {"ipv4", "ipv6"}) {
        const auto ports = probed_ports({{"kind", "many-sources"}, {"family", family}});
        EXPECT_EQ(ports.size(), 256U);
        std::unordered_set<Prefix, PrefixHash> tracked;
        for (const auto &[source, probed] : ports) {
            EXPECT_EQ(probed.size(), 4U);
            tracked.insert(source_of(*Address::parse(source), 64));
        }
        EXPECT_EQ(tracked.size(), 256U) << "each is a source of its own to the detector";
    }
}

TEST(Traffic, BrowsingOpensManyConnectionsToFewPorts) {
    const auto frames = seen_of({{"kind", "browsing"}});
    EXPECT_EQ(std::ranges::count(frames, true, &Seen::is_probe), 200);
    EXPECT_THAT(probed_ports({{"kind", "browsing"}}),
                ElementsAre(testing::Pair("10.0.0.1", ElementsAre(80, 443))));
    std::set<std::string> opened; // by the client's end
    std::size_t most = 0;
    for (const Seen &seen : frames) {
        const std::string sender = Endpoint{*seen.source, seen.source_port}.to_string();
        if (seen.is_probe) opened.insert(sender);
        if (seen.tcp_flags == (tcp_fin | tcp_ack)) opened.erase(sender);
        most = std::max(most, opened.size());
    }
    EXPECT_TRUE(opened.empty()) << "every connection is closed";
    EXPECT_GT(most, 1U) << "connections overlap";
}

TEST(Traffic, FtpServersOpenPortsOfTheClientAndClientsThoseOfTheServer) {
    const auto active = probed_ports({{"kind", "ftp-active"}});
    EXPECT_THAT(active.at("10.0.0.1"), ElementsAre(21));
    EXPECT_EQ(active.at("10.0.0.9").size(), 5U);
    const auto passive = probed_ports({{"kind", "ftp-passive"}});
    EXPECT_EQ(passive.size(), 1U);
    EXPECT_EQ(passive.at("10.0.0.1").size(), 6U) << "control and five transfers";
}

TEST(Traffic, HonestServicesStayWithinThreePorts) {
    for (const std::string_view kind : {"browsing", "nat", "health-checks"})
        for (const auto &[source, ports] : probed_ports({{"kind", kind}}))
            EXPECT_LE(ports.size(), 3U) << kind << " " << source;
}

TEST(Traffic, HealthChecksVisitEveryServiceInTurn) {
    std::set<std::string> services;
    for (const Seen &seen : seen_of({{"kind", "health-checks"},
                                     {"target", "10.0.0.8/30"},
                                     {"ports", "80,443"},
                                     {"count", "8"}}))
        if (seen.is_probe)
            services.insert(Endpoint{*seen.destination, seen.destination_port}.to_string());
    EXPECT_EQ(services.size(), 8U);
}

TEST(Traffic, EntriesMergeInTimeOrderTiesByOrderOfEntry) {
    const auto merged = open_traffic(std::vector{
        spec_of({{"kind", "syn"}, {"source", "10.0.0.1"}, {"rate", "1"}, {"count", "3"}}),
        spec_of({{"kind", "syn"}, {"source", "10.0.0.2"}, {"rate", "2"}, {"count", "3"}})});
    std::vector<std::string> sources;
    std::vector<std::uint64_t> halves;
    for (const Frame &frame : drain(*merged)) {
        sources.push_back(dissect(frame.bytes, frame.bytes.size()).source->to_string());
        halves.push_back(frame.time_ns / 500'000'000);
    }
    EXPECT_THAT(sources, ElementsAre("10.0.0.1", "10.0.0.2", "10.0.0.2", "10.0.0.1", "10.0.0.2",
                                     "10.0.0.1"));
    EXPECT_THAT(halves, ElementsAre(0, 0, 1, 2, 2, 4));
}

TEST(Traffic, StoredFramesKeepTheirOrder) {
    const auto source = portscan::frames_of({{5, {1}}, {3, {2}}});
    EXPECT_EQ(source->next()->time_ns, 5U);
    EXPECT_EQ(source->next()->time_ns, 3U);
    EXPECT_FALSE(source->next());
    EXPECT_FALSE(source->next());
}

TEST(Traffic, FamilyFollowsTheAddresses) {
    for (const Seen &seen : seen_of({{"kind", "syn"}, {"target", "2001:db8::9"}, {"ports", "1"}}))
        EXPECT_TRUE(seen.source->is_ipv6());
}

TEST(Traffic, RefusalsNameTheKeyAndWhatIsDue) {
    const std::pair<Keys, const char *> cases[] = {
        {{}, "traffic has no kind"},
        {{{"kind", "sin"}}, "kind: 'sin' is not one of syn, connect"},
        {{{"source", "10.0.0"}}, "source: '10.0.0' is not a list of addresses"},
        {{{"targets", ""}}, "targets: '' is not"},
        {{{"ports", "22-21"}}, "ports: '22-21' is not a list of ports"},
        {{{"ports", "65536"}}, "ports: '65536'"},
        {{{"open-ports", "ssh"}}, "open-ports: 'ssh'"},
        {{{"count", "0"}}, "count: '0' is not a whole number from 1 on"},
        {{{"count", "-1"}}, "count: '-1'"},
        {{{"rate", "0"}}, "rate: '0' is not a number from"},
        {{{"rate", "nan"}}, "rate: 'nan'"},
        {{{"rate", "1x"}}, "rate: '1x'"},
        {{{"rate", "1e10"}}, "rate: '1e10'"},
        {{{"start", "10"}}, "start: '10' is not a time with its unit"},
        {{{"duration", "-1s"}}, "duration: '-1s'"},
        {{{"seed", "abc"}}, "seed: 'abc'"},
        {{{"vlan", "4096"}}, "vlan: '4096' is not a list of VLAN ids"},
        {{{"family", "ipx"}}, "family: 'ipx' is not ipv4 or ipv6"},
        {{{"shuffle", "yes"}}, "shuffle: 'yes' is not true or false"},
        {{{"kind", "syn"}, {"source", "10.0.0.1"}, {"target", "fe80::1"}},
         "fe80::1 is of another family"},
        {{{"kind", "syn"}, {"source", "10.0.0.1"}, {"family", "ipv6"}},
         "10.0.0.1 is of another family"},
        {{{"kind", "decoys"}, {"source", "10.0.0.0/16"}}, "decoys takes up to 1024 addresses"},
    };
    for (const auto &[keys, message] : cases) EXPECT_THAT(refusal(keys), HasSubstr(message));
}

TEST(AddressPool, NumbersItsAddressesInOrder) {
    const AddressPool pool{{*Prefix::parse("10.0.0.7"), *Prefix::parse("10.1.255.254/31"),
                            *Prefix::parse("2001:db8::/126"), *Prefix::parse("2001:db8:1::/62")}};
    std::vector<std::string> all;
    for (std::uint64_t i = 0; i < pool.size(); ++i) all.push_back(pool.at(i).to_string());
    EXPECT_THAT(all, ElementsAre("10.0.0.7", "10.1.255.254", "10.1.255.255", "2001:db8::",
                                 "2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:1::1",
                                 "2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:1:3::1"));
}

TEST(AddressPool, PicksOnlyAddressesOfItsPrefixes) {
    for (const char *text :
         {"0.0.0.0/0", "10.0.0.0/9", "10.0.0.1", "::/0", "2000::/3", "2001:db8::/65"}) {
        const Prefix prefix = *Prefix::parse(text);
        const AddressPool pool{{prefix}};
        Random random{1};
        AddressSet picked;
        for (int i = 0; i < 100; ++i) {
            picked.insert(pool.pick(random));
        }
        for (const Address &address : picked) ASSERT_TRUE(prefix.contains(address)) << text;
        EXPECT_EQ(picked.size(), prefix.is_host() ? 1U : 100U) << text;
    }
}

} // namespace
} // namespace portscan
