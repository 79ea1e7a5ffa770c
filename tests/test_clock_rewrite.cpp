// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/detector.h"
#include "sim/capture_clock.h"
#include "sim/clock_rewrite.h"
#include "sim/harness_maps.h"
#include "tests/small_simulator.h"

#include <algorithm>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

namespace portscan {
namespace {

using namespace test;

// What the harness runs is what the loader attaches, but for the calls of the clock.

bool same(const bpf_insn &left, const bpf_insn &right) {
    return left.code == right.code && left.dst_reg == right.dst_reg &&
           left.src_reg == right.src_reg && left.off == right.off && left.imm == right.imm;
}

/// An instruction that takes a map's address, whose descriptor differs from load to load.
bool names_a_map(const bpf_insn &instruction) {
    return instruction.code == (BPF_LD | BPF_DW | BPF_IMM) &&
           (instruction.src_reg == BPF_PSEUDO_MAP_FD ||
            instruction.src_reg == BPF_PSEUDO_MAP_VALUE);
}

const bpf_program *xdp_program(const Detector &detector) {
    return bpf_object__find_program_by_name(detector.object(), "xdp_port_scan_block");
}

std::vector<bpf_insn> instructions_of(const ProgramText &text) {
    return {text.instructions().begin(), text.instructions().end()};
}
std::vector<bpf_insn> instructions_of(const Detector &detector) {
    return instructions_of(ProgramText::of(xdp_program(detector)));
}

constexpr unsigned clock_type = 77; // whatever it is, it is handed on

/// The detector's instructions on a clock.
ProgramText rewritten_text(const Detector &detector, const CaptureClock &clock) {
    ProgramText text = ProgramText::of(xdp_program(detector));
    rewrite_clock(text, clock.map_fd(), clock_type);
    return text;
}

TEST(ClockRewrite, ChangesTheCallsOfTheClockAndNothingElse) {
    const auto detector = Detector::load(small({.block_for = std::chrono::hours{1}}));
    const CaptureClock clock;
    const auto shipped = instructions_of(detector);
    const auto rewritten = instructions_of(rewritten_text(detector, clock));
    ASSERT_GT(rewritten.size(), shipped.size());

    std::size_t calls = 0;
    for (std::size_t i = 0; i < shipped.size(); ++i) {
        if (same(shipped[i], rewritten[i])) continue;
        ++calls;
        EXPECT_TRUE(is_clock_call(shipped[i])) << "instruction " << i;
        // The call stands where it stood and has become one of the appended function.
        EXPECT_EQ(rewritten[i].code, shipped[i].code);
        EXPECT_EQ(rewritten[i].dst_reg, shipped[i].dst_reg);
        EXPECT_EQ(rewritten[i].off, shipped[i].off);
        EXPECT_EQ(rewritten[i].src_reg, BPF_PSEUDO_CALL);
        EXPECT_EQ(i + 1 + static_cast<std::size_t>(rewritten[i].imm), shipped.size());
    }
    EXPECT_GE(calls, 1U);
    EXPECT_EQ(calls, static_cast<std::size_t>(
                         std::count_if(shipped.begin(), shipped.end(), is_clock_call)));
    EXPECT_EQ(std::count_if(rewritten.begin(), rewritten.end(), is_clock_call), 0);
}

TEST(ClockRewrite, AppendsOneFunctionThatReadsTheClock) {
    const auto detector = Detector::load(small());
    const CaptureClock clock;
    const auto shipped = instructions_of(detector);
    const auto rewritten = instructions_of(rewritten_text(detector, clock));
    ASSERT_EQ(rewritten.size(), shipped.size() + 4);
    const bpf_insn *function = rewritten.data() + shipped.size();
    EXPECT_EQ(function[0].code, BPF_LD | BPF_DW | BPF_IMM);
    EXPECT_EQ(function[0].src_reg, BPF_PSEUDO_MAP_VALUE);
    EXPECT_EQ(function[0].imm, clock.map_fd());
    EXPECT_EQ(function[2].code, BPF_LDX | BPF_MEM | BPF_DW) << "reads, and writes nothing";
    EXPECT_EQ(function[3].code, BPF_JMP | BPF_EXIT);
    const ProgramFunction appended{shipped.size(), clock_type};
    EXPECT_EQ(rewritten_text(detector, clock).functions().back(), appended);
}

TEST(ClockRewrite, FindsEveryKindOfClock) {
    const auto call = [](int helper) {
        return bpf_insn{
            .code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = helper};
    };
    for (const int helper : {BPF_FUNC_ktime_get_ns, BPF_FUNC_ktime_get_boot_ns,
                             BPF_FUNC_ktime_get_coarse_ns, BPF_FUNC_ktime_get_tai_ns})
        EXPECT_TRUE(is_clock_call(call(helper)));
    EXPECT_FALSE(is_clock_call(call(BPF_FUNC_map_lookup_elem)));
    auto own_function = call(BPF_FUNC_ktime_get_ns); // a distance here, not a helper's number
    own_function.src_reg = BPF_PSEUDO_CALL;
    EXPECT_FALSE(is_clock_call(own_function));
}

TEST(HarnessMaps, ChangeNoInstructionButTheMapsThatItNames) {
    const auto options = small();
    const auto production = instructions_of(Detector::load(options));
    for (const auto stats : {StatsMap::shipped, StatsMap::mapped}) {
        const auto harness = instructions_of(
            Detector::load(options, {.object_path = {}, .prepare = [&](bpf_object *object) {
                                         use_harness_maps(object, stats);
                                     }}));
        ASSERT_EQ(harness.size(), production.size());
        for (std::size_t i = 0; i < production.size(); ++i) {
            auto instruction = harness[i];
            if (names_a_map(production[i])) instruction.imm = production[i].imm;
            EXPECT_TRUE(same(instruction, production[i])) << "instruction " << i;
        }
    }
}

TEST(Object, OnDiskIsTheEmbeddedOneByteForByte) {
    const auto embedded = embedded_object();
    EXPECT_THAT(read_object(PORTSCAN_OBJECT),
                testing::ElementsAreArray(embedded.begin(), embedded.end()));
}

/// Traffic of a few sources over a few ports, well-formed or not, always the same for a seed.
std::vector<Packet> random_traffic(const Family &family, unsigned seed, std::size_t count) {
    std::mt19937 random{seed};
    std::vector<Packet> packets;
    for (std::size_t i = 0; i < count; ++i) {
        const Address source = numbered(family, random() % 40);
        const auto port = static_cast<std::uint16_t>(random() % 6);
        auto packet =
            tcp(source, family.host, port, "S").flags(static_cast<std::uint8_t>(random()));
        if (random() % 2 == 0) packet.flags("S");
        if (random() % 8 == 0) packet.vlan(7);
        if (random() % 16 == 0) packet.data_offset(static_cast<std::uint8_t>(random() % 16));
        if (random() % 16 == 0) packet.payload_size(64).fragment(8 * (random() % 4), 16);
        packets.push_back(packet);
    }
    return packets;
}

class BothClocks : public BothFamilies {};
INSTANTIATE_TEST_SUITE_P(For, BothClocks, testing::ValuesIn(families),
                         testing::PrintToStringParamName());

TEST_P(BothClocks, DecideTheSame) {
    for (const unsigned max_ports : {3U, 5U}) {
        for (const auto scope : {BlockScope::tcp, BlockScope::probes, BlockScope::all}) {
            const auto options = small({.max_ports = max_ports,
                                        .window = std::chrono::hours{1},
                                        .block_for = std::chrono::hours{1},
                                        .block_scope = scope});
            Simulator wall{options, {.clock = Clock::wall}};
            Simulator captured{options};
            captured.set_time(wall.time_ns());
            std::size_t drops = 0;
            for (const auto &packet : random_traffic(family, max_ports, 2'000)) {
                const auto outcome = step(wall, packet);
                ASSERT_EQ(step(captured, packet), outcome);
                drops += outcome.verdict == Verdict::drop;
            }
            EXPECT_GT(drops, 100U);
            EXPECT_EQ(captured.sources().size(), wall.sources().size());
            EXPECT_EQ(captured.counters().values, wall.counters().values);
        }
    }
}

} // namespace
} // namespace portscan
