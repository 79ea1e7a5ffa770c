// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/interference.h"

#include "bpf/portscan.h"
#include "sim/borrowed_registers.h"
#include "sim/instruction.h"

#include <array>
#include <bpf/bpf.h>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

namespace portscan {
namespace {

/// The pattern of each kind: the value of the map.
using Patterns = std::array<std::uint64_t, static_cast<std::size_t>(Interference::Kind::keep) + 1>;

/// One bit of a record's tag, the highest three bits of its word: neither port nor count.
constexpr std::uint64_t tag_step = 1ULL << 61;
/// Another place in the queue, which is a word of its own.
constexpr std::uint64_t place_step = 1;
/// Places of a whole queue: that of a stage has so many at most while it is half blocks.
constexpr int places_of_turn = 4;
/// Its flag for a block.
constexpr std::uint64_t block_step = 1ULL << 48;
/// Its count of ports.
constexpr std::uint64_t count_step = 1ULL << 56;

/// What becomes of the word of a record that is looked up.
struct LookupStep {
    Interference::Kind kind;
    std::int32_t operation;
    std::uint64_t operand;
};
constexpr std::array lookup_steps{
    LookupStep{Interference::Kind::lookup_block, BPF_OR, block_step},
    LookupStep{Interference::Kind::lookup_alive, BPF_AND, ~block_step},
    LookupStep{Interference::Kind::lookup_second, BPF_ADD, (2ULL << 16) + count_step},
    LookupStep{Interference::Kind::lookup_third, BPF_ADD, (3ULL << 32) + count_step},
};

std::size_t pattern_offset(Interference::Kind kind) {
    return static_cast<std::size_t>(kind) * sizeof(std::uint64_t);
}

/// Takes the next bit off the pattern at `address`; where it is 0, jumps over `guarded`
/// instructions.
void append_guard(std::vector<bpf_insn> &code, unsigned address, unsigned number, int guarded) {
    const bpf_insn shift = make_instruction(BPF_ALU64 | BPF_RSH | BPF_K, number, 0, 0, 1);
    const bpf_insn store = make_instruction(BPF_STX | BPF_MEM | BPF_DW, address, number, 0, 0);
    code.push_back(make_instruction(BPF_LDX | BPF_MEM | BPF_DW, number, address, 0, 0));
    code.push_back(make_instruction(BPF_JMP | BPF_JSET | BPF_K, number, 0, 3, 1));
    code.insert(code.end(), {shift, store});
    code.push_back(make_instruction(BPF_JMP | BPF_JA, 0, 0, guarded + 2, 0));
    code.insert(code.end(), {shift, store});
}

void append_number(std::vector<bpf_insn> &code, unsigned to, std::uint64_t number) {
    code.push_back(
        make_instruction(BPF_LD | BPF_DW | BPF_IMM, to, 0, 0, static_cast<std::int32_t>(number)));
    code.push_back(make_instruction(0, 0, 0, 0, static_cast<std::int32_t>(number >> 32)));
}

/// Adds `step` to what the atomic instruction is about to change.
std::vector<bpf_insn> other_add(const bpf_insn &atomic, Interference::Kind kind, int map_fd,
                                std::uint64_t step, RegisterSet live, int stack) {
    const BorrowedRegisters borrowed{live, stack, static_cast<RegisterSet>(1U << atomic.dst_reg)};
    std::vector<bpf_insn> code;
    borrowed.save(code);
    append_address(code, borrowed.first(), map_fd, pattern_offset(kind));
    append_guard(code, borrowed.first(), borrowed.second(), 3);
    append_number(code, borrowed.second(), step);
    code.push_back(
        make_instruction(atomic.code, atomic.dst_reg, borrowed.second(), atomic.off, BPF_ADD));
    borrowed.restore(code);
    return code;
}

/// The first `count` arguments of a call, r1 and on, on the stack meanwhile.
void save_arguments(std::vector<bpf_insn> &code, unsigned count, int stack) {
    for (unsigned i = 0; i < count; ++i) append_save(code, BPF_REG_1 + i, slot_below(stack, i));
}
void restore_arguments(std::vector<bpf_insn> &code, unsigned count, int stack) {
    for (unsigned i = 0; i < count; ++i) append_restore(code, BPF_REG_1 + i, slot_below(stack, i));
}

bpf_insn call_of(int helper) {
    return make_instruction(BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

/// The same call of bpf_map_update_elem before the program's own. r0 and r5 are dead there.
std::vector<bpf_insn> other_update(int map_fd, int stack) {
    constexpr unsigned arguments = 4;
    std::vector<bpf_insn> code;
    save_arguments(code, arguments, stack);
    append_address(code, BPF_REG_0, map_fd, pattern_offset(Interference::Kind::update));
    append_guard(code, BPF_REG_0, BPF_REG_5, 1);
    code.push_back(call_of(BPF_FUNC_map_update_elem));
    restore_arguments(code, arguments, stack);
    return code;
}

/// As many places of each family's queue as it has. r0 and r5 are dead before a record is put in.
std::vector<bpf_insn> other_turn(int map_fd, int state_fd) {
    constexpr std::size_t heads[] = {
        offsetof(portscan_state, family[PORTSCAN_IPV4].queue_head),
        offsetof(portscan_state, family[PORTSCAN_IPV6].queue_head),
    };
    std::vector<bpf_insn> turn;
    append_address(turn, BPF_REG_0, state_fd, 0);
    turn.push_back(make_instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_5, 0, 0, places_of_turn));
    for (const std::size_t head : heads)
        turn.push_back(make_instruction(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_5,
                                        static_cast<std::int16_t>(head), BPF_ADD));
    std::vector<bpf_insn> code;
    append_address(code, BPF_REG_0, map_fd, pattern_offset(Interference::Kind::turn));
    append_guard(code, BPF_REG_0, BPF_REG_5, static_cast<int>(turn.size()));
    code.insert(code.end(), turn.begin(), turn.end());
    return code;
}

/// The same call of bpf_map_lookup_elem before the program's own, and what becomes of the record
/// that it finds. r0 and r3 to r5 are dead there.
std::vector<bpf_insn> other_lookup(int map_fd, int stack) {
    constexpr unsigned arguments = 2;
    std::vector<bpf_insn> found;
    for (const auto &[kind, operation, operand] : lookup_steps) {
        append_address(found, BPF_REG_1, map_fd, pattern_offset(kind));
        append_guard(found, BPF_REG_1, BPF_REG_2, 3);
        append_number(found, BPF_REG_2, operand);
        found.push_back(
            make_instruction(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_2, 0, operation));
    }
    append_address(found, BPF_REG_1, map_fd, pattern_offset(Interference::Kind::lookup_gone));
    append_guard(found, BPF_REG_1, BPF_REG_2, arguments + 1);
    restore_arguments(found, arguments, stack);
    found.push_back(call_of(BPF_FUNC_map_delete_elem));

    std::vector<bpf_insn> code;
    save_arguments(code, arguments, stack);
    code.push_back(call_of(BPF_FUNC_map_lookup_elem));
    const int over = static_cast<int>(found.size());
    code.push_back(make_instruction(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, over, 0));
    code.insert(code.end(), found.begin(), found.end());
    restore_arguments(code, arguments, stack);
    return code;
}

/// Another key for bpf_map_delete_elem, which no source has. r0 and r3 to r5 are dead there.
std::vector<bpf_insn> other_key(int map_fd, int stack) {
    std::vector<bpf_insn> code;
    append_address(code, BPF_REG_0, map_fd, pattern_offset(Interference::Kind::keep));
    append_guard(code, BPF_REG_0, BPF_REG_3, 5);
    code.push_back(make_instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, -1));
    append_save(code, BPF_REG_3, slot_below(stack, 0));
    append_save(code, BPF_REG_3, slot_below(stack, 1));
    code.push_back(make_instruction(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0));
    code.push_back(
        make_instruction(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, slot_below(stack, 1)));
    return code;
}

bool is_helper(const bpf_insn &instruction, int function) {
    return is_call(instruction) && instruction.src_reg == 0 && instruction.imm == function;
}

bpf_map_info map_info(int map_fd) {
    bpf_map_info info{};
    __u32 size = sizeof(info);
    if (bpf_obj_get_info_by_fd(map_fd, &info, &size) != 0)
        throw std::system_error(errno, std::generic_category(), "inspect map");
    return info;
}

/// Are the elements of the map records of sources?
bool holds_records(int map_fd) {
    const bpf_map_info info = map_info(map_fd);
    static_assert(sizeof(portscan_record) != sizeof(portscan_more_ports));
    return info.type == BPF_MAP_TYPE_HASH && info.value_size == sizeof(portscan_record);
}

bool puts_in_map(const bpf_insn &instruction) {
    return is_wide(instruction) && instruction.src_reg == BPF_PSEUDO_MAP_FD;
}

/// The map of portscan_state; nothing where the program has none.
std::optional<int> state_map(std::span<const bpf_insn> instructions) {
    for (std::size_t i = 0; i < instructions.size(); i += width_of(instructions[i])) {
        if (!puts_in_map(instructions[i])) continue;
        const bpf_map_info info = map_info(instructions[i].imm);
        if (info.type == BPF_MAP_TYPE_ARRAY && info.value_size == sizeof(portscan_state))
            return instructions[i].imm;
    }
    return std::nullopt;
}

/// Does the instruction do that to a record? The map is the one last put into r1 before it.
bool is_record_call(std::span<const bpf_insn> instructions, std::size_t place, int helper) {
    if (!is_helper(instructions[place], helper)) return false;
    for (std::size_t i = place; i-- > 0;) {
        const bpf_insn &one = instructions[i];
        if (puts_in_map(one) && one.dst_reg == BPF_REG_1) return holds_records(one.imm);
    }
    return false;
}

bool is_atomic(const bpf_insn &instruction) {
    return BPF_CLASS(instruction.code) == BPF_STX && BPF_MODE(instruction.code) == BPF_ATOMIC;
}

} // namespace

Interference::Interference() {
    map_ = FileDescriptor{bpf_map_create(BPF_MAP_TYPE_ARRAY, "psim_interfere", sizeof(__u32),
                                         sizeof(Patterns), 1, nullptr)};
    if (map_.get() < 0)
        throw std::system_error(errno, std::generic_category(), "create map of interference");
}

std::vector<Insertion> Interference::insertions(const ProgramText &text,
                                                const ControlFlow &flow) const {
    std::vector<Insertion> insertions;
    const auto instructions = text.instructions();
    const std::optional<int> state = state_map(instructions);
    for (std::size_t i = 0; i < instructions.size(); i += width_of(instructions[i])) {
        const bpf_insn &one = instructions[i];
        const int stack = lowest_stack_offset(text.function_text(i));
        const auto before = [&](Kind kind, std::uint64_t step) {
            insertions.push_back(
                {.place = i,
                 .code = other_add(one, kind, map_.get(), step, flow.live_at(text, i), stack)});
        };
        if (is_helper(one, BPF_FUNC_map_update_elem)) {
            std::vector<bpf_insn> code = other_update(map_.get(), stack);
            if (state && is_record_call(instructions, i, BPF_FUNC_map_update_elem)) {
                const std::vector<bpf_insn> turn = other_turn(map_.get(), *state);
                code.insert(code.end(), turn.begin(), turn.end());
            }
            insertions.push_back({.place = i, .code = std::move(code)});
        } else if (is_record_call(instructions, i, BPF_FUNC_map_lookup_elem)) {
            insertions.push_back({.place = i, .code = other_lookup(map_.get(), stack)});
        } else if (is_record_call(instructions, i, BPF_FUNC_map_delete_elem)) {
            insertions.push_back({.place = i, .code = other_key(map_.get(), stack)});
        } else if (is_atomic(one) && one.imm == BPF_CMPXCHG) {
            before(Kind::swap, BPF_SIZE(one.code) == BPF_DW ? tag_step : place_step);
            before(Kind::block, block_step);
        } else if (is_atomic(one) && one.imm == (BPF_ADD | BPF_FETCH)) {
            before(Kind::add, 1);
        }
    }
    return insertions;
}

void Interference::expect(Kind kind, std::uint64_t pattern) {
    Patterns patterns{};
    patterns.at(static_cast<std::size_t>(kind)) = pattern;
    const __u32 zero = 0;
    if (bpf_map_update_elem(map_.get(), &zero, patterns.data(), BPF_ANY) != 0)
        throw std::system_error(errno, std::generic_category(), "set up interference");
}

} // namespace portscan
