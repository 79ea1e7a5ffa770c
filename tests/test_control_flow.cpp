// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/block_counters.h"
#include "sim/borrowed_registers.h"
#include "sim/control_flow.h"
#include "sim/instruction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <stdexcept>

namespace portscan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

bpf_insn move(unsigned to, int number) {
    return make_instruction(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, number);
}
bpf_insn copy(unsigned to, unsigned from) {
    return make_instruction(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}
bpf_insn jump(int offset) {
    return make_instruction(BPF_JMP | BPF_JA, 0, 0, offset, 0);
}
bpf_insn jump_if_zero(unsigned reg, int offset) {
    return make_instruction(BPF_JMP | BPF_JEQ | BPF_K, reg, 0, offset, 0);
}
bpf_insn call(int distance) {
    return make_instruction(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, distance);
}
const bpf_insn leave = make_instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);

ProgramText text_of(std::vector<bpf_insn> instructions,
                    std::vector<ProgramFunction> functions = {{0, 1}}) {
    return {"literal", std::move(instructions), std::move(functions)};
}

RegisterSet registers(std::initializer_list<unsigned> numbers) {
    RegisterSet set = 0;
    for (const unsigned number : numbers) set |= static_cast<RegisterSet>(1U << number);
    return set;
}

/// if r1: r0 = 1 else r0 = r6; both meet at `exit`.
ProgramText diamond() {
    return text_of({copy(6, 1), jump_if_zero(1, 2), move(0, 1), jump(1), copy(0, 6), leave});
}

TEST(ControlFlow, CutsADiamondIntoFourBlocks) {
    const auto flow = ControlFlow::of(diamond());
    ASSERT_EQ(flow.blocks.size(), 4U);
    EXPECT_THAT(flow.blocks[0].successors, ElementsAre(1, 2));
    EXPECT_THAT(flow.blocks[1].successors, ElementsAre(3));
    EXPECT_THAT(flow.blocks[2].successors, ElementsAre(3));
    EXPECT_THAT(flow.blocks[3].successors, IsEmpty());
    EXPECT_EQ(flow.blocks[3].ways_in, 2U);
    ASSERT_EQ(flow.branches.size(), 1U);
    EXPECT_EQ(flow.branches[0], (Branch{.place = 1, .block = 0, .falls_to = 1}));
}

TEST(ControlFlow, KnowsWhatIsLive) {
    const auto flow = ControlFlow::of(diamond());
    EXPECT_EQ(flow.blocks[0].live_in, registers({1}));
    EXPECT_EQ(flow.blocks[1].live_in, 0);
    EXPECT_EQ(flow.blocks[2].live_in, registers({6}));
    EXPECT_EQ(flow.blocks[3].live_in, registers({0}));
    EXPECT_EQ(flow.live_at(diamond(), 1), registers({1, 6}));
}

TEST(ControlFlow, FollowsALoopBackToItsHead) {
    // r7 counts down; r8 is read behind the loop and so lives all through it.
    const auto flow = ControlFlow::of(
        text_of({move(7, 3), make_instruction(BPF_ALU64 | BPF_ADD | BPF_K, 7, 0, 0, -1),
                 make_instruction(BPF_JMP | BPF_JNE | BPF_K, 7, 0, -2, 0), copy(0, 8), leave}));
    ASSERT_EQ(flow.blocks.size(), 3U);
    EXPECT_EQ(flow.blocks[1].ways_in, 2U);
    EXPECT_EQ(flow.blocks[1].live_in, registers({7, 8}));
}

TEST(ControlFlow, TakesAWideInstructionForOne) {
    // The second half would be read as a use of r0 by itself.
    const auto text = text_of({make_instruction(BPF_LD | BPF_DW | BPF_IMM, 2, 0, 0, 1),
                               make_instruction(0, 0, 0, 0, 0), copy(0, 2), leave});
    EXPECT_EQ(ControlFlow::of(text).blocks[0].live_in, 0);
}

TEST(ControlFlow, RefusesAJumpOutOfTheProgram) {
    EXPECT_THROW(ControlFlow::of(text_of({jump(7), leave})), std::invalid_argument);
    EXPECT_THROW(ControlFlow::of(text_of({move(0, 0)})), std::invalid_argument);
}

TEST(RegisterUse, OfCallsSwapsAndStores) {
    EXPECT_EQ(register_use(call(3)).reads, registers({1, 2, 3, 4, 5}));
    EXPECT_EQ(register_use(call(3)).writes, registers({0, 1, 2, 3, 4, 5}));
    const auto swap =
        register_use(make_instruction(BPF_STX | BPF_ATOMIC | BPF_DW, 6, 2, 0, BPF_CMPXCHG));
    EXPECT_EQ(swap.reads, registers({0, 2, 6}));
    EXPECT_EQ(swap.writes, registers({0}));
    const auto store = register_use(make_instruction(BPF_STX | BPF_MEM | BPF_DW, 10, 3, -8, 0));
    EXPECT_EQ(store.reads, registers({3, 10}));
    EXPECT_EQ(store.writes, 0);
}

TEST(StackUse, IsTheLowestOffsetThatIsStoredToOrAdded) {
    const std::vector<bpf_insn> function{
        make_instruction(BPF_STX | BPF_MEM | BPF_DW, 10, 3, -16, 0), copy(2, 10),
        make_instruction(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -42), leave};
    EXPECT_EQ(lowest_stack_offset(function), -42);
    EXPECT_EQ(slot_below(-42, 0), -56) << "aligned, and below";
    EXPECT_EQ(slot_below(-48, 1), -64);
    EXPECT_EQ(slot_below(0, 0), -8);
}

TEST(BorrowedRegisters, AreDeadOnesWhereThereAre) {
    const BorrowedRegisters dead{registers({1, 6}), 0};
    EXPECT_EQ(dead.first(), 0U);
    EXPECT_EQ(dead.second(), 2U);
    std::vector<bpf_insn> code;
    dead.save(code);
    EXPECT_THAT(code, IsEmpty());
}

TEST(BorrowedRegisters, WaitOnTheStackWhereNoneIsDead) {
    const RegisterSet all = 0x7ff;
    const BorrowedRegisters saved{all, -24, registers({6})};
    EXPECT_EQ(saved.first(), 7U) << "not r6, which is read meanwhile; not r1 to r5";
    EXPECT_EQ(saved.second(), 8U);
    std::vector<bpf_insn> code;
    saved.save(code);
    ASSERT_EQ(code.size(), 2U);
    EXPECT_EQ(code[0].off, -32);
    EXPECT_EQ(code[1].off, -40);
}

TEST(Insertion, KeepsJumpsCallsAndFunctionsRight) {
    // 0: if r1 goto 3; 1: call 5; 2: goto 0; 3: r0 = 0; 4: exit; 5: r0 = 7; 6: exit
    auto text =
        text_of({jump_if_zero(1, 2), call(3), jump(-3), move(0, 0), leave, move(0, 7), leave},
                {{0, 1}, {5, 2}});
    const std::vector<bpf_insn> two{move(9, 1), move(9, 2)};
    text.insert(std::vector<Insertion>{{.place = 0, .code = two},
                                       {.place = 3, .way = Insertion::Way::falling_in, .code = two},
                                       {.place = 3, .code = {move(8, 1)}},
                                       {.place = 5, .code = two}});
    const auto after = text.instructions();
    ASSERT_EQ(after.size(), 14U);
    EXPECT_EQ(jump_target(after, 2), 7U) << "behind what is only fallen into";
    EXPECT_EQ(after[7].dst_reg, 8);
    EXPECT_EQ(jump_target(after, 4), 0U) << "runs what stands before its target";
    EXPECT_EQ(function_named(after, 3), 10U);
    EXPECT_EQ(text.functions()[1], (ProgramFunction{10, 2}));
    EXPECT_EQ(text.function_at(11), 1U);
}

TEST(Insertion, RefusesAJumpThatGetsTooLong) {
    auto text = text_of({jump(1), move(0, 0), move(0, 1), leave});
    const std::vector<bpf_insn> long_code(40'000, move(9, 1));
    EXPECT_THROW(text.insert(std::vector<Insertion>{{.place = 1, .code = long_code}}),
                 std::length_error);
}

} // namespace
} // namespace portscan
