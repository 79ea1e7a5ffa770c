// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/detector.h"
#include "sim/packet.h"
#include "sim/test_run.h"
#include "tests/outcome.h"
#include "tests/small_simulator.h"

#include <array>
#include <bpf/bpf.h>
#include <cstdio>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace portscan {
namespace {

using nlohmann::json;
using testing::ElementsAre;

// The documented workflows with the real bpftool, on maps that carry the production names.

constexpr auto scanner = "10.211.55.4";
constexpr auto scanner6 = "2001:db8:7::1";

/// What a shell command prints. Throws std::runtime_error with that where it fails.
std::string output_of(const std::string &command) {
    FILE *pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error{"cannot run " + command};
    std::string text;
    std::array<char, 4096> part{};
    while (const auto size = fread(part.data(), 1, part.size(), pipe))
        text.append(part.data(), size);
    if (pclose(pipe) != 0) throw std::runtime_error{command + " failed: " + text};
    return text;
}

class Bpftool : public testing::Test {
  protected:
    Bpftool() {
        for (const std::uint16_t port : {22, 443, 80, 8080}) {
            run(tcp(scanner, "10.211.55.9", port, "S"));
            run(tcp(scanner6, "fd00::9", port, "S"));
        }
        run(tcp("10.211.55.5", "10.211.55.9", 53, "S"));
    }

    Verdict run(const Packet &packet) {
        return test_run(detector_.program(), packet.bytes()).verdict;
    }
    /// `bpftool WORDS`. By id, since other detectors may run on this machine.
    static std::string bpftool(const std::string &words) {
        return output_of(fmt::format("{} {}", PORTSCAN_BPFTOOL, words));
    }
    static bpf_map_info info(int map) {
        bpf_map_info info{};
        __u32 size = sizeof(info);
        if (bpf_obj_get_info_by_fd(map, &info, &size) != 0)
            throw std::system_error(errno, std::generic_category(), "inspect map");
        return info;
    }
    static json dump(int map) {
        return json::parse(bpftool(fmt::format("--json map dump id {}", info(map).id)));
    }

    const DetectorMaps &maps() const { return detector_.maps(); }

    Detector detector_ = Detector::load(test::small());
};

json formatted_value(const json &elements, const json &key) {
    for (const auto &element : elements)
        if (element["formatted"]["key"]["address"] == key) return element["formatted"]["value"];
    return nullptr;
}

TEST_F(Bpftool, FindsTheMapsByTheirNames) {
    for (const auto &[name, map] : {std::pair{"pscan_ip_reg", maps().ip_reg},
                                    {"pscan_ip6_reg", maps().ip6_reg},
                                    {"pscan_stats", maps().stats},
                                    {"pscan_allow", maps().allow},
                                    {"pscan_allow6", maps().allow6},
                                    {"pscan_events", maps().events}}) {
        EXPECT_STREQ(info(map).name, name);
        const auto found = json::parse(bpftool(fmt::format("--json map show name {}", name)));
        const auto has_id = [&, id = info(map).id](const json &each) { return each["id"] == id; };
        if (found.is_array())
            EXPECT_TRUE(std::any_of(found.begin(), found.end(), has_id)) << name;
        else
            EXPECT_TRUE(has_id(found)) << name;
    }
}

TEST_F(Bpftool, DumpsRecordsWithTheirFields) {
    const auto elements = dump(maps().ip_reg);
    ASSERT_EQ(elements.size(), 2U);
    const auto block = formatted_value(elements, {10, 211, 55, 4});
    EXPECT_EQ(block["blocked"], 1);
    EXPECT_EQ(block["port1"], 22);
    EXPECT_EQ(block["port2"], 443);
    EXPECT_EQ(block["port3"], 80);
    EXPECT_GT(block["packet_timestamp"], 0);
    EXPECT_EQ(block["trigger_port"], 8080);
    const auto other = formatted_value(elements, {10, 211, 55, 5});
    EXPECT_EQ(other["blocked"], 0);
    EXPECT_EQ(other["port1"], 53);
    EXPECT_EQ(other["port2"], 0) << "until used";
}

TEST_F(Bpftool, DumpsIpv6Records) {
    const auto block = formatted_value(dump(maps().ip6_reg),
                                       {0x20, 1, 0xd, 0xb8, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    EXPECT_EQ(block["blocked"], 1);
    EXPECT_EQ(block["port3"], 80);
}

TEST_F(Bpftool, DumpsCounters) {
    const auto elements = dump(maps().stats);
    std::uint64_t probes = 0;
    for (const auto &element : elements)
        if (element["formatted"]["key"] == 5)
            for (const auto &cpu : element["formatted"]["values"])
                probes += cpu["value"].get<std::uint64_t>();
    EXPECT_EQ(probes, 9U);
}

TEST_F(Bpftool, DeletingTheRecordUnblocksAtOnce) {
    EXPECT_EQ(run(tcp(scanner, "10.211.55.9", 22, "A")), Verdict::drop);
    bpftool(fmt::format("map delete id {} key hex 0a d3 37 04", info(maps().ip_reg).id));
    EXPECT_EQ(run(tcp(scanner, "10.211.55.9", 22, "A")), Verdict::pass);
    for (const std::uint16_t port : {1, 2, 3})
        EXPECT_EQ(run(tcp(scanner, "10.211.55.9", port, "S")), Verdict::pass) << "a fresh record";
    EXPECT_EQ(run(tcp(scanner, "10.211.55.9", 4, "S")), Verdict::drop);
    EXPECT_EQ(run(tcp(scanner6, "fd00::9", 22, "A")), Verdict::drop) << "not concerned";
}

TEST_F(Bpftool, DeletingAnIpv6RecordUnblocksItsPrefix) {
    EXPECT_EQ(run(tcp(scanner6, "fd00::9", 22, "A")), Verdict::drop);
    bpftool(fmt::format("map delete id {} key hex 20 01 0d b8 00 07 00 00 00 00 00 00 00 00 00 00",
                        info(maps().ip6_reg).id));
    EXPECT_EQ(run(tcp("2001:db8:7::2", "fd00::9", 22, "S")), Verdict::pass);
}

} // namespace
} // namespace portscan
