// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/program_text.h"

#include <cstddef>
#include <cstdint>
#include <linux/bpf.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// What kind of mistake a mutation stands for.
enum class MutationKind : std::uint8_t {
    condition,  ///< a condition turned into its opposite
    boundary,   ///< a comparison off by one
    constant,   ///< another constant
    store,      ///< a write to memory that does not happen
    arithmetic, ///< another operator
};

std::string_view to_string(MutationKind kind);
/// The kind by its name; nothing if there is no such kind.
std::optional<MutationKind> parse_mutation_kind(std::string_view name);

/// One instruction replaced by another in the same place, so that nothing else moves.
struct Mutation {
    std::size_t index = 0; ///< of the instruction
    std::size_t place = 0; ///< of the eight bytes that change: index, or the second half there
    MutationKind kind = MutationKind::condition;
    bpf_insn replacement{};
    std::string change; ///< `> 32767 to <= 32767`: without registers, which a compiler deals out
};

/// Every mutation of the program, in the order of its instructions, no two the same. Left alone:
/// references to maps, functions and helpers, jumps without a condition, and what the compiler does
/// with the stack (registers saved there, places of variables), which is no statement of the
/// source.
std::vector<Mutation> find_mutations(const ProgramText &program);

/// The program with the mutation in it.
ProgramText apply(const Mutation &mutation, ProgramText program);

} // namespace portscan
