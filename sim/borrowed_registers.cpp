// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/borrowed_registers.h"

#include "sim/instruction.h"

namespace portscan {
namespace {

constexpr int slot_size = 8;

} // namespace

int slot_below(int stack, std::size_t index) {
    const int aligned = (stack - slot_size + 1) / slot_size * slot_size;
    return aligned - static_cast<int>(index + 1) * slot_size;
}

void append_save(std::vector<bpf_insn> &code, unsigned reg, int slot) {
    code.push_back(make_instruction(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, reg, slot, 0));
}

void append_restore(std::vector<bpf_insn> &code, unsigned reg, int slot) {
    code.push_back(make_instruction(BPF_LDX | BPF_MEM | BPF_DW, reg, BPF_REG_10, slot, 0));
}

void append_address(std::vector<bpf_insn> &code, unsigned reg, int map_fd, std::size_t offset) {
    code.push_back(
        make_instruction(BPF_LD | BPF_DW | BPF_IMM, reg, BPF_PSEUDO_MAP_VALUE, 0, map_fd));
    code.push_back(make_instruction(0, 0, 0, 0, static_cast<std::int32_t>(offset)));
}

BorrowedRegisters::BorrowedRegisters(RegisterSet live, int stack, RegisterSet kept) :
    stack_(stack) {
    std::size_t found = 0;
    const auto is_in = [](RegisterSet set, unsigned reg) { return (set >> reg & 1) != 0; };
    for (unsigned reg = 0; reg <= BPF_REG_9 && found < 2; ++reg)
        if (!is_in(live, reg) && !is_in(kept, reg)) registers_[found++] = reg;
    for (unsigned reg = BPF_REG_6; found < 2; ++reg) {
        if (!is_in(live, reg) || is_in(kept, reg)) continue;
        saved_[found] = true;
        registers_[found++] = reg;
    }
}

void BorrowedRegisters::save(std::vector<bpf_insn> &code) const {
    for (std::size_t i = 0; i < registers_.size(); ++i)
        if (saved_[i]) append_save(code, registers_[i], slot_below(stack_, i));
}

void BorrowedRegisters::restore(std::vector<bpf_insn> &code) const {
    for (std::size_t i = 0; i < registers_.size(); ++i)
        if (saved_[i]) append_restore(code, registers_[i], slot_below(stack_, i));
}

} // namespace portscan
