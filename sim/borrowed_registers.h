// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/control_flow.h"

#include <array>
#include <cstddef>
#include <vector>

namespace portscan {

/// Two registers for code that is put into a program: dead ones where there are, others wait on the
/// stack meanwhile. A live callee-saved register has certainly been written, so it can be saved; r1
/// to r5 may only look live, before a call with fewer arguments, and are left alone.
class BorrowedRegisters {
  public:
    /// `stack`: the lowest offset from r10 that the function uses. `kept` is not borrowed: the code
    /// reads it.
    BorrowedRegisters(RegisterSet live, int stack, RegisterSet kept = 0);

    unsigned first() const { return registers_[0]; }
    unsigned second() const { return registers_[1]; }
    void save(std::vector<bpf_insn> &code) const;
    void restore(std::vector<bpf_insn> &code) const;

  private:
    std::array<unsigned, 2> registers_{};
    std::array<bool, 2> saved_{};
    int stack_;
};

/// The offset of the stack slot number `index` below `stack`.
int slot_below(int stack, std::size_t index);
void append_save(std::vector<bpf_insn> &code, unsigned reg, int slot);
void append_restore(std::vector<bpf_insn> &code, unsigned reg, int slot);
/// reg = &value[offset] of the array map.
void append_address(std::vector<bpf_insn> &code, unsigned reg, int map_fd, std::size_t offset);

} // namespace portscan
