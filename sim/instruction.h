// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <linux/bpf.h>
#include <optional>
#include <span>

// What an instruction of a program is, as far as its control flow goes.
namespace portscan {

constexpr bpf_insn make_instruction(int code, unsigned to, unsigned from, int offset,
                                    std::int32_t number) {
    return {.code = static_cast<__u8>(code),
            .dst_reg = static_cast<__u8>(to & 0xfU),
            .src_reg = static_cast<__u8>(from & 0xfU),
            .off = static_cast<__s16>(offset),
            .imm = number};
}

/// `rX = 64-bit number` (an address of a map or function too): the one that takes two places.
constexpr bool is_wide(const bpf_insn &instruction) {
    return instruction.code == (BPF_LD | BPF_DW | BPF_IMM);
}
constexpr bool is_exit(const bpf_insn &instruction) {
    return instruction.code == (BPF_JMP | BPF_EXIT);
}
/// A call of a helper, of a kernel function or of a function of the program.
constexpr bool is_call(const bpf_insn &instruction) {
    return instruction.code == (BPF_JMP | BPF_CALL);
}
constexpr bool is_jump(const bpf_insn &instruction) {
    const int kind = BPF_CLASS(instruction.code);
    return (kind == BPF_JMP || kind == BPF_JMP32) && BPF_OP(instruction.code) != BPF_CALL &&
           BPF_OP(instruction.code) != BPF_EXIT;
}
constexpr bool is_conditional(const bpf_insn &instruction) {
    return is_jump(instruction) && BPF_OP(instruction.code) != BPF_JA;
}
/// A jump whose distance stands in `imm` and not in `off`.
constexpr bool is_long_jump(const bpf_insn &instruction) {
    return instruction.code == (BPF_JMP32 | BPF_JA);
}

/// The places that an instruction takes.
constexpr std::size_t width_of(const bpf_insn &instruction) {
    return is_wide(instruction) ? 2 : 1;
}

/// Where the jump at `place` goes to; what stands there must be one.
constexpr std::size_t jump_target(std::span<const bpf_insn> instructions, std::size_t place) {
    const bpf_insn &jump = instructions[place];
    const int distance = is_long_jump(jump) ? jump.imm : jump.off;
    return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(place) + 1 + distance);
}

/// The function of the program that the instruction at `place` calls or takes the address of.
constexpr std::optional<std::size_t> function_named(std::span<const bpf_insn> instructions,
                                                    std::size_t place) {
    const bpf_insn &instruction = instructions[place];
    const bool call = is_call(instruction) && instruction.src_reg == BPF_PSEUDO_CALL;
    const bool address = is_wide(instruction) && instruction.src_reg == BPF_PSEUDO_FUNC;
    if (!call && !address) return std::nullopt;
    return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(place) + 1 + instruction.imm);
}

} // namespace portscan
