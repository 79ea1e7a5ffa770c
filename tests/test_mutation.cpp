// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/kill_history.h"
#include "sim/mutant.h"
#include "sim/mutation.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace portscan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

bpf_insn insn(unsigned code, unsigned dst, unsigned src, int off, int imm) {
    return {.code = static_cast<__u8>(code),
            .dst_reg = static_cast<__u8>(dst & 0xf),
            .src_reg = static_cast<__u8>(src & 0xf),
            .off = static_cast<__s16>(off),
            .imm = imm};
}

ProgramText program(std::vector<bpf_insn> instructions) {
    return {"literal", std::move(instructions), {{0, 1}}};
}

/// `condition > 3 to <= 3`, for each mutation.
std::vector<std::string> mutations(std::vector<bpf_insn> instructions) {
    std::vector<std::string> found;
    for (const Mutation &one : find_mutations(program(std::move(instructions))))
        found.push_back(std::string{to_string(one.kind)} + " " + one.change);
    return found;
}

TEST(Mutations, TurnAConditionAroundAndMoveItsBoundBothWays) {
    EXPECT_THAT(
        mutations({insn(BPF_JMP | BPF_JGT | BPF_K, 1, 0, 1, 3)}),
        ElementsAre("condition > 3 to <= 3", "boundary > 3 to >= 3", "boundary > 3 to > 4"));
    EXPECT_THAT(
        mutations({insn(BPF_JMP32 | BPF_JGE | BPF_K, 1, 0, 1, 3)}),
        ElementsAre("condition >= 3 to < 3", "boundary >= 3 to > 3", "boundary >= 3 to >= 2"));
    EXPECT_THAT(mutations({insn(BPF_JMP | BPF_JSLT | BPF_K, 1, 0, 1, -3)}),
                ElementsAre("condition s< -3 to s>= -3", "boundary s< -3 to s<= -3",
                            "boundary s< -3 to s< -4"));
}

TEST(Mutations, CompareForEqualityWithTheNextNumber) {
    EXPECT_THAT(mutations({insn(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1, 44)}),
                ElementsAre("condition == 44 to != 44", "boundary == 44 to == 45"));
}

TEST(Mutations, TurnTestsForTruthAroundAndNoMore) {
    EXPECT_THAT(mutations({insn(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1, 0)}),
                ElementsAre("condition == 0 to != 0"));
}

TEST(Mutations, LeaveThePlacesOfVariablesOnTheStackAlone) {
    const auto frame = insn(BPF_ALU64 | BPF_MOV | BPF_X, 1, BPF_REG_10, 0, 0);
    const auto place = insn(BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, -40);
    EXPECT_THAT(mutations({frame, place}), IsEmpty());
    EXPECT_THAT(mutations({place}),
                ElementsAre("constant += -40 to += -39", "arithmetic += -40 to -= -40"));
}

TEST(Mutations, OfRegistersMoveOnlyWhetherTheBoundIsIn) {
    EXPECT_THAT(mutations({insn(BPF_JMP | BPF_JLE | BPF_X, 1, 2, 1, 0)}),
                ElementsAre("condition <= a register to > a register",
                            "boundary <= a register to < a register"));
}

TEST(Mutations, DoNotMakeTheLargestUnsignedNumberOfOneBelowZero) {
    EXPECT_THAT(mutations({insn(BPF_JMP | BPF_JLT | BPF_K, 1, 0, 1, 0)}),
                ElementsAre("condition < 0 to >= 0", "boundary < 0 to <= 0"));
}

TEST(Mutations, ChangeConstantsAndTruthValues) {
    EXPECT_THAT(mutations({insn(BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 0)}),
                ElementsAre("constant = 0 to = 1"));
    EXPECT_THAT(mutations({insn(BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 1)}),
                ElementsAre("constant = 1 to = 0"));
    EXPECT_THAT(mutations({insn(BPF_ALU64 | BPF_MOV | BPF_X, 1, 2, 0, 0)}), IsEmpty());
}

TEST(Mutations, SwapOperators) {
    EXPECT_THAT(mutations({insn(BPF_ALU | BPF_AND | BPF_K, 1, 0, 0, 255)}),
                ElementsAre("constant &= 255 to &= 256", "arithmetic &= 255 to |= 255"));
    EXPECT_THAT(mutations({insn(BPF_ALU64 | BPF_ADD | BPF_X, 1, 2, 0, 0)}),
                ElementsAre("arithmetic += a register to -= a register"));
    EXPECT_THAT(mutations({insn(BPF_ALU | BPF_END | BPF_TO_BE, 1, 0, 0, 16)}), IsEmpty());
}

TEST(Mutations, ChangeTheHalfOfAWideConstantThatIsNotZero) {
    const auto low = insn(BPF_LD | BPF_DW | BPF_IMM, 1, 0, 0, 0);
    const auto found = find_mutations(program({low, insn(0, 0, 0, 0, 0x10000)}));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].change, "= 0x1000000000000 to = 0x1000100000000");
    EXPECT_EQ(found[0].index, 0U);
    EXPECT_EQ(found[0].place, 1U);
    // The address of a map is no constant.
    EXPECT_THAT(mutations({insn(BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, 5),
                           insn(0, 0, 0, 0, 0)}),
                IsEmpty());
}

TEST(Mutations, RemoveStoresButNotSavedRegisters) {
    const auto store = insn(BPF_STX | BPF_MEM | BPF_W, 1, 2, 8, 0);
    const auto atomic = insn(BPF_STX | BPF_ATOMIC | BPF_DW, 1, 2, 0, BPF_ADD);
    EXPECT_THAT(
        mutations({store, atomic}),
        ElementsAre("store store of 4 bytes removed", "store atomic operation of 8 bytes removed"));
    const auto save = insn(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, 1, -8, 0);
    const auto restore = insn(BPF_LDX | BPF_MEM | BPF_DW, 1, BPF_REG_10, -8, 0);
    EXPECT_THAT(mutations({save, restore}), IsEmpty());
    // Nobody reads it by the frame pointer: it is a variable that a helper is given.
    EXPECT_THAT(mutations({save}), ElementsAre("store store of 8 bytes removed"));
}

TEST(Mutations, LeaveJumpsCallsAndExitsAlone) {
    EXPECT_THAT(mutations({insn(BPF_JMP | BPF_JA, 0, 0, 1, 0), insn(BPF_JMP | BPF_CALL, 0, 0, 0, 1),
                           insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)}),
                IsEmpty());
}

TEST(Mutations, ChangeOneInstructionInItsPlace) {
    const auto text = program({insn(BPF_STX | BPF_MEM | BPF_W, 1, 2, 8, 0),
                               insn(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1, 44)});
    const auto found = find_mutations(text);
    ASSERT_EQ(found.size(), 3U);
    const auto removed = apply(found[0], text);
    ASSERT_EQ(removed.instructions().size(), 2U);
    EXPECT_EQ(removed.instructions()[0].code, BPF_JMP | BPF_JA);
    EXPECT_EQ(removed.instructions()[0].off, 0);
    EXPECT_EQ(removed.instructions()[1].imm, 44);
    const auto next = apply(found[2], text);
    EXPECT_EQ(next.instructions()[1].imm, 45);
    EXPECT_EQ(next.instructions()[1].off, 1);
}

std::vector<Mutant> numbered_mutants(std::size_t count) {
    std::vector<Mutant> mutants(count);
    for (std::size_t i = 0; i < count; ++i) mutants[i].mutation.index = i;
    return mutants;
}

TEST(SampleOfMutants, IsTheSameForTheSameSeedAndInOrder) {
    const auto indices = [](std::uint64_t seed) {
        std::vector<std::size_t> found;
        for (const Mutant &one : draw_sample(numbered_mutants(1000), 10, seed))
            found.push_back(one.mutation.index);
        return found;
    };
    EXPECT_EQ(indices(1).size(), 10U);
    EXPECT_EQ(indices(1), indices(1));
    EXPECT_NE(indices(1), indices(2));
    const auto drawn = indices(1);
    EXPECT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
    EXPECT_EQ(draw_sample(numbered_mutants(5), 10, 1).size(), 5U);
}

TEST(KillHistory, PutsWhatKilledOnTheSameLineFirst) {
    Mutant here;
    here.line = {.file = "a.h", .line = 7};
    here.function = "f";
    Mutant elsewhere = here;
    elsewhere.line.line = 8;
    Mutant other = elsewhere;
    other.function = "g";
    KillHistory history{{1.0, 0.5, 3.0, 0.1}};
    EXPECT_THAT(history.order(here), ElementsAre(3, 1, 0, 2)); // by their cost
    history.killed(other, 1);
    history.killed(other, 1);
    history.killed(elsewhere, 0);
    EXPECT_THAT(history.order(here), ElementsAre(0, 1, 3, 2));
    history.killed(here, 2);
    EXPECT_THAT(history.order(here), ElementsAre(2, 0, 1, 3));
}

} // namespace
} // namespace portscan
