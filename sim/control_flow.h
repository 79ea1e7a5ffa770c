// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/program_text.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace portscan {

/// Registers as bits: r0 is bit 0, r10 bit 10.
using RegisterSet = std::uint16_t;

/// Instructions that are run all or none: only the first is jumped to, only the last one jumps.
struct Block {
    std::size_t begin = 0;
    std::size_t end = 0; ///< behind the last one
    std::vector<std::size_t> successors{};
    std::size_t ways_in = 0; ///< edges that lead here, the call of the function among them
    RegisterSet live_in = 0; ///< registers whose value may still be read

    bool operator==(const Block &) const = default;
};

/// A conditional jump: the last instruction of a block.
struct Branch {
    std::size_t place = 0;
    std::size_t block = 0;
    std::size_t falls_to = 0; ///< the block behind it
    bool operator==(const Branch &) const = default;
};

/// The basic blocks of a program in the order of their instructions, all functions together.
struct ControlFlow {
    std::vector<Block> blocks;
    std::vector<Branch> branches;

    /// Throws std::invalid_argument for a jump out of the program.
    static ControlFlow of(const ProgramText &text);
    std::size_t block_at(std::size_t place) const;
    /// Registers whose value may still be read by the instruction at `place` or after it.
    RegisterSet live_at(const ProgramText &text, std::size_t place) const;
    bool operator==(const ControlFlow &) const = default;
};

/// What an instruction reads and writes. A call is taken to read r1 to r5, however many arguments
/// there are: what is not live is certainly dead.
struct RegisterUse {
    RegisterSet reads = 0;
    RegisterSet writes = 0;
};
RegisterUse register_use(const bpf_insn &instruction);

/// The lowest offset from r10 (0 or below) that the function may use, by every negative number that
/// is added in it.
int lowest_stack_offset(std::span<const bpf_insn> function);

} // namespace portscan
