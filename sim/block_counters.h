// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"
#include "sim/control_flow.h"
#include "sim/program_text.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace portscan {

/// How often a branch went either way.
struct BranchCount {
    std::uint64_t taken = 0;
    std::uint64_t fell = 0;
};

/// Counts in a program's basic blocks. The counters stand in a map of the harness' own, which
/// outlives the programs that count in it: runs of several loads add up. Exact on several CPUs.
class BlockCounters {
  public:
    /// For every load of the program of this text. Throws std::system_error.
    explicit BlockCounters(const ProgramText &text);

    const ControlFlow &flow() const { return flow_; }
    /// Puts the counters into the text of a load of the program. Registers that are dead there are
    /// used; where fewer than two are, others wait on the stack below what the function uses.
    /// `more` is put in with them, behind the counter of its place. Throws std::invalid_argument
    /// where the text is another program.
    void put_into(ProgramText &text, std::span<const Insertion> more = {}) const;

    /// By block, and by branch of flow().
    std::vector<std::uint64_t> blocks() const;
    std::vector<BranchCount> branches() const;

  private:
    std::vector<std::uint64_t> read() const;

    ControlFlow flow_;
    /// Where the branch falls into a block that others come to as well: a counter of its own, else
    /// that of the block.
    std::vector<std::size_t> fall_counter_;
    std::size_t counters_ = 0;
    FileDescriptor map_;
};

/// The instructions that add 1 to the number at `offset` in the value of the array map. `live`
/// registers keep their values; `stack` is the lowest offset from r10 that the function uses.
std::vector<bpf_insn> counting_code(int map_fd, std::size_t offset, RegisterSet live, int stack);

} // namespace portscan
