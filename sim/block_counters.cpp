// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/block_counters.h"

#include "sim/instruction.h"

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace portscan {
namespace {

constexpr int slot_size = 8;

/// Two registers for the counter, and which of them have to be given back.
struct Borrowed {
    std::array<unsigned, 2> registers{};
    std::array<bool, 2> spilled{};
};

/// Dead ones first. A live callee-saved register has certainly been written, so it can be spilled;
/// r1 to r5 may only look live, before a call with fewer arguments.
Borrowed borrow(RegisterSet live) {
    Borrowed borrowed;
    std::size_t found = 0;
    for (unsigned reg = 0; reg <= BPF_REG_9 && found < 2; ++reg)
        if ((live >> reg & 1) == 0) borrowed.registers[found++] = reg;
    for (unsigned reg = BPF_REG_6; found < 2; ++reg) {
        if ((live >> reg & 1) == 0) continue;
        borrowed.spilled[found] = true;
        borrowed.registers[found++] = reg;
    }
    return borrowed;
}

bpf_insn spill(unsigned reg, int offset) {
    return make_instruction(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, reg, offset, 0);
}
bpf_insn reload(unsigned reg, int offset) {
    return make_instruction(BPF_LDX | BPF_MEM | BPF_DW, reg, BPF_REG_10, offset, 0);
}

/// The text of the function that a block is in.
std::span<const bpf_insn> function_of(const ProgramText &text, std::size_t place) {
    const std::size_t function = text.function_at(place);
    const std::size_t start = text.functions()[function].start;
    return text.instructions().subspan(start, text.end_of(function) - start);
}

} // namespace

std::vector<bpf_insn> counting_code(int map_fd, std::size_t offset, RegisterSet live, int stack) {
    const Borrowed borrowed = borrow(live);
    const auto [address, one] = borrowed.registers;
    const int below = (stack - slot_size + 1) / slot_size * slot_size;
    const std::array slots{below - slot_size, below - 2 * slot_size};
    std::vector<bpf_insn> code;
    for (std::size_t i = 0; i < slots.size(); ++i)
        if (borrowed.spilled[i]) code.push_back(spill(borrowed.registers[i], slots[i]));
    code.push_back(
        make_instruction(BPF_LD | BPF_DW | BPF_IMM, address, BPF_PSEUDO_MAP_VALUE, 0, map_fd));
    code.push_back(make_instruction(0, 0, 0, 0, static_cast<std::int32_t>(offset)));
    code.push_back(make_instruction(BPF_ALU64 | BPF_MOV | BPF_K, one, 0, 0, 1));
    code.push_back(make_instruction(BPF_STX | BPF_ATOMIC | BPF_DW, address, one, 0, BPF_ADD));
    for (std::size_t i = 0; i < slots.size(); ++i)
        if (borrowed.spilled[i]) code.push_back(reload(borrowed.registers[i], slots[i]));
    return code;
}

BlockCounters::BlockCounters(const ProgramText &text) : flow_{ControlFlow::of(text)} {
    counters_ = flow_.blocks.size();
    for (const Branch &branch : flow_.branches) {
        const bool shared = flow_.blocks[branch.falls_to].ways_in > 1;
        fall_counter_.push_back(shared ? counters_++ : branch.falls_to);
    }
    const auto size = static_cast<__u32>(counters_ * sizeof(std::uint64_t));
    map_ = FileDescriptor{
        bpf_map_create(BPF_MAP_TYPE_ARRAY, "psim_blocks", sizeof(__u32), size, 1, nullptr)};
    if (map_.get() < 0)
        throw std::system_error(errno, std::generic_category(), "create map of block counters");
}

void BlockCounters::put_into(ProgramText &text) const {
    if (ControlFlow::of(text) != flow_)
        throw std::invalid_argument("the program is another one than that of the counters");
    const auto counter = [&](std::size_t place, Insertion::Way way, RegisterSet live,
                             std::size_t index) {
        const int stack = lowest_stack_offset(function_of(text, place));
        return Insertion{.place = place,
                         .way = way,
                         .code =
                             counting_code(map_.get(), index * sizeof(std::uint64_t), live, stack)};
    };
    std::vector<Insertion> insertions;
    for (std::size_t b = 0; b < flow_.blocks.size(); ++b) {
        const Block &block = flow_.blocks[b];
        insertions.push_back(counter(block.begin, Insertion::Way::every, block.live_in, b));
    }
    for (std::size_t i = 0; i < flow_.branches.size(); ++i) {
        if (fall_counter_[i] == flow_.branches[i].falls_to) continue;
        const Block &behind = flow_.blocks[flow_.branches[i].falls_to];
        insertions.push_back(
            counter(behind.begin, Insertion::Way::falling_in, behind.live_in, fall_counter_[i]));
    }
    text.insert(insertions);
}

std::vector<std::uint64_t> BlockCounters::read() const {
    std::vector<std::uint64_t> counts(counters_);
    const __u32 zero = 0;
    if (bpf_map_lookup_elem(map_.get(), &zero, counts.data()) != 0)
        throw std::system_error(errno, std::generic_category(), "read block counters");
    return counts;
}

std::vector<std::uint64_t> BlockCounters::blocks() const {
    auto counts = read();
    counts.resize(flow_.blocks.size());
    return counts;
}

std::vector<BranchCount> BlockCounters::branches() const {
    const auto counts = read();
    std::vector<BranchCount> branches;
    for (std::size_t i = 0; i < flow_.branches.size(); ++i) {
        const std::uint64_t fell = counts[fall_counter_[i]];
        branches.push_back({.taken = counts[flow_.branches[i].block] - fell, .fell = fell});
    }
    return branches;
}

} // namespace portscan
