// SPDX-License-Identifier: GPL-2.0-or-later
// The large maps of a Simulator that is gone serve the next one, which cannot tell.
#include "loader/detector.h"
#include "sim/simulator.h"
#include "sim/spare_maps.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <future>
#include <gtest/gtest.h>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

namespace portscan {
namespace {

const DetectorOptions large{
    .max_ports = 5, .max_sources = 60'000, .max_sources6 = 70'000, .max_blocked = 1000};

__u32 id_of(int map) {
    bpf_map_info info{};
    __u32 size = sizeof(info);
    EXPECT_EQ(bpf_obj_get_info_by_fd(map, &info, &size), 0);
    return info.id;
}

std::set<__u32> registries_of(const Simulator &simulator) {
    const DetectorMaps &maps = simulator.detector().maps();
    return {id_of(maps.ip_reg), id_of(maps.ip6_reg), id_of(maps.ports), id_of(maps.ports6)};
}

/// One of each family with more than three ports, blocked at the sixth, and many with one.
void fill(Simulator &simulator) {
    for (std::uint16_t port = 1; port <= 6; ++port) {
        simulator.run(tcp("10.0.0.1", "10.0.0.9", port, "S"));
        simulator.run(tcp("2001:db8::1", "2001:db8::9", port, "S"));
    }
    for (int source = 0; source < 12'000; ++source) {
        const std::string address = fmt::format("10.1.{}.{}", source / 250, source % 250);
        simulator.run(tcp(std::string_view{address}, "10.0.0.9", 22, "S"));
    }
    simulator.allow("192.0.2.0/24");
    simulator.allow("2001:db8:1::/64");
}

TEST(SpareMaps, ServeTheNextSimulatorAsNew) {
    std::set<__u32> first;
    {
        Simulator simulator{large};
        first = registries_of(simulator);
        fill(simulator);
        ASSERT_EQ(simulator.sources().size(), 12'002U);
    }
    Simulator simulator{large};
    EXPECT_EQ(registries_of(simulator), first);
    EXPECT_TRUE(simulator.sources().empty());
    for (const std::uint64_t count : simulator.counters().values) EXPECT_EQ(count, 0U);
    EXPECT_TRUE(simulator.take_events().empty());
    EXPECT_FALSE(simulator.disallow("192.0.2.0/24"));
    fill(simulator);
    EXPECT_EQ(simulator.sources().size(), 12'002U);
    EXPECT_EQ(simulator.source("10.0.0.1")->ports, (PortList{1, 2, 3, 4, 5}));
}

TEST(SpareMaps, AreNobodysWhileTheyAreUsed) {
    Simulator one{large}, other{large};
    std::set<__u32> all = registries_of(one);
    all.merge(registries_of(other));
    EXPECT_EQ(all.size(), 8U);
    fill(one);
    EXPECT_TRUE(other.sources().empty());
}

TEST(SpareMaps, AreOfTheirSize) {
    std::set<__u32> first;
    { first = registries_of(Simulator{large}); }
    DetectorOptions larger = large;
    larger.max_sources = 61'000;
    const Simulator simulator{larger};
    EXPECT_FALSE(first.contains(id_of(simulator.detector().maps().ip_reg)));
    EXPECT_TRUE(first.contains(id_of(simulator.detector().maps().ip6_reg)));
}

TEST(SpareMaps, AreNotSharedWithAChild) {
    std::set<__u32> first;
    { first = registries_of(Simulator{large}); }
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        bool shared = false;
        for (const __u32 id : registries_of(Simulator{large}))
            shared = shared || first.contains(id);
        _exit(shared ? 1 : 0);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(registries_of(Simulator{large}), first);
}

TEST(SpareMaps, OfAParentAreNotItsChilds) {
    std::optional<Simulator> simulator{large};
    simulator->run(tcp("10.0.0.1", "10.0.0.9", 1, "S"));
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        simulator.reset();
        Simulator{large}.run(tcp("10.0.0.7", "10.0.0.9", 1, "S"));
        _exit(0);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(simulator->source("10.0.0.1"));
    EXPECT_FALSE(simulator->source("10.0.0.7"));
}

TEST(SpareMaps, ServeThreads) {
    const auto work = [](std::string_view source) {
        for (int round = 0; round < 20; ++round) {
            Simulator simulator{large};
            simulator.run(tcp(source, "10.0.0.9", 1, "S"));
            ASSERT_EQ(simulator.sources().size(), 1U);
            ASSERT_TRUE(simulator.source(source));
        }
    };
    std::thread other{work, "10.0.0.1"};
    work("10.0.0.2");
    other.join();
}

TEST(SpareMaps, AreNotKeptWithoutBound) {
    DetectorOptions options{.max_sources = 1'500'000, .max_sources6 = 70'000};
    std::set<__u32> first;
    { first = registries_of(Simulator{options}); }
    for (options.max_sources = 1'500'001; options.max_sources < 1'500'003; ++options.max_sources)
        Simulator{options};
    options.max_sources = 1'500'000;
    EXPECT_FALSE(first.contains(id_of(Simulator{options}.detector().maps().ip_reg)));
}

/// As the kernel refuses while spares have the memory.
TEST(SpareMaps, GiveTheirMemoryToAMapThatFindsNone) {
    { const Simulator simulator{large}; } // leaves spares
    const SpareKind kind{.name = "psim_test", .max_entries = 60'000};
    unsigned attempts = 0;
    LentMaps lent;
    const auto refused_once = [&attempts] {
        if (attempts++ == 0) throw std::system_error(ENOMEM, std::generic_category(), "create map");
        return FileDescriptor{open("/dev/null", O_RDONLY | O_CLOEXEC)};
    };
    EXPECT_GE(lent.get(kind, refused_once), 0);
    EXPECT_EQ(attempts, 2U);

    attempts = 0; // there are none any more
    EXPECT_THROW(lent.get({.name = "psim_other", .max_entries = 60'000}, refused_once),
                 std::system_error);
    EXPECT_EQ(attempts, 1U);
}

TEST(SpareMaps, SeveralThreadsMayAskAtOnce) {
    constexpr unsigned threads = 8;
    LentMaps lent;
    std::vector<std::future<int>> maps;
    for (unsigned i = 0; i < threads; ++i)
        maps.push_back(std::async(std::launch::async, [&lent] {
            return lent.get({.name = "psim_test", .max_entries = 1},
                            [] { return FileDescriptor{open("/dev/null", O_RDONLY | O_CLOEXEC)}; });
        }));
    std::set<int> distinct;
    for (auto &map : maps) distinct.insert(map.get());
    EXPECT_EQ(distinct.size(), threads);
}

} // namespace
} // namespace portscan
