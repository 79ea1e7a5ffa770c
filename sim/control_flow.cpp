// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/control_flow.h"

#include "sim/instruction.h"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace portscan {
namespace {

constexpr RegisterSet bit(unsigned reg) {
    return static_cast<RegisterSet>(1U << reg);
}

constexpr RegisterSet arguments = bit(1) | bit(2) | bit(3) | bit(4) | bit(5);
constexpr int stack_size = 512;

/// Every place at which a block starts, and the end of the text.
std::set<std::size_t> block_starts(const ProgramText &text) {
    const auto instructions = text.instructions();
    std::set<std::size_t> starts{instructions.size()};
    for (const ProgramFunction &function : text.functions()) starts.insert(function.start);
    for (std::size_t i = 0; i < instructions.size(); i += width_of(instructions[i])) {
        if (!is_jump(instructions[i]) && !is_exit(instructions[i])) continue;
        starts.insert(i + 1);
        if (!is_jump(instructions[i])) continue;
        const std::size_t target = jump_target(instructions, i);
        if (target >= instructions.size())
            throw std::invalid_argument("a jump leads out of the program");
        starts.insert(target);
    }
    return starts;
}

/// The last instruction of a block; a wide one has two places.
std::size_t last_place(std::span<const bpf_insn> instructions, const Block &block) {
    std::size_t last = block.begin;
    for (std::size_t i = block.begin; i < block.end; i += width_of(instructions[i])) last = i;
    return last;
}

RegisterSet live_before(std::span<const bpf_insn> block, RegisterSet live) {
    // Forwards, since the second half of a wide instruction is none: what is read before it is
    // written, and what comes through unwritten.
    RegisterSet reads = 0;
    RegisterSet written = 0;
    for (std::size_t i = 0; i < block.size(); i += width_of(block[i])) {
        const RegisterUse use = register_use(block[i]);
        reads |= static_cast<RegisterSet>(use.reads & ~written);
        written |= use.writes;
    }
    return static_cast<RegisterSet>(reads | (live & ~written));
}

void connect(ControlFlow &flow, const ProgramText &text) {
    const auto instructions = text.instructions();
    for (std::size_t b = 0; b < flow.blocks.size(); ++b) {
        Block &block = flow.blocks[b];
        const std::size_t last = last_place(instructions, block);
        const bool jumps = is_jump(instructions[last]);
        if (!is_exit(instructions[last]) && (!jumps || is_conditional(instructions[last])))
            block.successors.push_back(b + 1);
        if (jumps) block.successors.push_back(flow.block_at(jump_target(instructions, last)));
        if (is_conditional(instructions[last]))
            flow.branches.push_back({.place = last, .block = b, .falls_to = b + 1});
    }
    for (const Block &block : flow.blocks)
        for (const std::size_t next : block.successors) {
            if (next >= flow.blocks.size())
                throw std::invalid_argument("the program runs over its end");
            ++flow.blocks[next].ways_in;
        }
    for (const ProgramFunction &function : text.functions())
        ++flow.blocks[flow.block_at(function.start)].ways_in;
}

void find_live_registers(ControlFlow &flow, std::span<const bpf_insn> instructions) {
    for (bool changed = true; changed;) {
        changed = false;
        for (auto block = flow.blocks.rbegin(); block != flow.blocks.rend(); ++block) {
            RegisterSet live = 0;
            for (const std::size_t next : block->successors) live |= flow.blocks[next].live_in;
            live = live_before(instructions.subspan(block->begin, block->end - block->begin), live);
            changed |= live != block->live_in;
            block->live_in = live;
        }
    }
}

RegisterUse use_of_jump(const bpf_insn &instruction) {
    if (is_call(instruction))
        return {.reads = arguments, .writes = static_cast<RegisterSet>(arguments | bit(0))};
    if (is_exit(instruction)) return {.reads = bit(0)};
    if (!is_conditional(instruction)) return {};
    RegisterSet reads = bit(instruction.dst_reg);
    if (BPF_SRC(instruction.code) == BPF_X) reads |= bit(instruction.src_reg);
    return {.reads = reads};
}

RegisterUse use_of_arithmetic(const bpf_insn &instruction) {
    const int operation = BPF_OP(instruction.code);
    RegisterSet reads = operation == BPF_MOV ? RegisterSet{0} : bit(instruction.dst_reg);
    // Of a byte swap the source bit says which.
    if (BPF_SRC(instruction.code) == BPF_X && operation != BPF_END)
        reads |= bit(instruction.src_reg);
    return {.reads = reads, .writes = bit(instruction.dst_reg)};
}

RegisterUse use_of_store(const bpf_insn &instruction) {
    RegisterUse use{.reads = bit(instruction.dst_reg)};
    if (BPF_CLASS(instruction.code) == BPF_ST) return use;
    use.reads |= bit(instruction.src_reg);
    if (BPF_MODE(instruction.code) != BPF_ATOMIC) return use;
    if (instruction.imm == BPF_CMPXCHG) {
        use.reads |= bit(0);
        use.writes = bit(0);
    } else if ((instruction.imm & BPF_FETCH) != 0) {
        use.writes = bit(instruction.src_reg);
    }
    return use;
}

} // namespace

RegisterUse register_use(const bpf_insn &instruction) {
    switch (BPF_CLASS(instruction.code)) {
    case BPF_ALU:
    case BPF_ALU64:
        return use_of_arithmetic(instruction);
    case BPF_JMP:
    case BPF_JMP32:
        return use_of_jump(instruction);
    case BPF_LDX:
        return {.reads = bit(instruction.src_reg), .writes = bit(instruction.dst_reg)};
    case BPF_ST:
    case BPF_STX:
        return use_of_store(instruction);
    default:
        if (is_wide(instruction)) return {.writes = bit(instruction.dst_reg)};
        // Packet loads of old: they read r6 and a register, and end like a call.
        return {.reads = static_cast<RegisterSet>(bit(6) | bit(instruction.src_reg)),
                .writes = static_cast<RegisterSet>(arguments | bit(0))};
    }
}

int lowest_stack_offset(std::span<const bpf_insn> function) {
    int lowest = 0;
    const auto consider = [&lowest](int offset) {
        if (offset < lowest && offset >= -stack_size) lowest = offset;
    };
    for (std::size_t i = 0; i < function.size(); i += width_of(function[i])) {
        const bpf_insn &one = function[i];
        const int kind = BPF_CLASS(one.code);
        if (kind == BPF_LDX && one.src_reg == BPF_REG_10) consider(one.off);
        if ((kind == BPF_ST || kind == BPF_STX) && one.dst_reg == BPF_REG_10) consider(one.off);
        if (one.code == (BPF_ALU64 | BPF_ADD | BPF_K)) consider(one.imm);
    }
    return lowest;
}

ControlFlow ControlFlow::of(const ProgramText &text) {
    ControlFlow flow;
    const auto starts = block_starts(text);
    for (auto start = starts.begin(); std::next(start) != starts.end(); ++start)
        flow.blocks.push_back({.begin = *start, .end = *std::next(start)});
    connect(flow, text);
    find_live_registers(flow, text.instructions());
    return flow;
}

RegisterSet ControlFlow::live_at(const ProgramText &text, std::size_t place) const {
    const Block &block = blocks[block_at(place)];
    RegisterSet live = 0;
    for (const std::size_t next : block.successors) live |= blocks[next].live_in;
    return live_before(text.instructions().subspan(place, block.end - place), live);
}

std::size_t ControlFlow::block_at(std::size_t place) const {
    const auto after =
        std::upper_bound(blocks.begin(), blocks.end(), place,
                         [](std::size_t at, const Block &block) { return at < block.begin; });
    return static_cast<std::size_t>(after - blocks.begin()) - 1;
}

} // namespace portscan
