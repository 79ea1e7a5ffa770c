// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/clock_rewrite.h"

#include "sim/btf_types.h"
#include "sim/instruction.h"

#include <algorithm>
#include <array>
#include <bpf/libbpf.h>

namespace portscan {
namespace {

/// What the appended function is made of: r0 = *(u64 *)&map_value[0]; exit.
std::array<bpf_insn, 4> clock_function(int clock_map_fd) {
    return {bpf_insn{.code = BPF_LD | BPF_DW | BPF_IMM,
                     .dst_reg = BPF_REG_0,
                     .src_reg = BPF_PSEUDO_MAP_VALUE,
                     .off = 0,
                     .imm = clock_map_fd},
            bpf_insn{.code = 0, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
            bpf_insn{.code = BPF_LDX | BPF_MEM | BPF_DW,
                     .dst_reg = BPF_REG_0,
                     .src_reg = BPF_REG_0,
                     .off = 0,
                     .imm = 0},
            bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
}

} // namespace

bool is_clock_call(const bpf_insn &instruction) {
    constexpr std::array clocks{BPF_FUNC_ktime_get_ns, BPF_FUNC_ktime_get_boot_ns,
                                BPF_FUNC_ktime_get_coarse_ns, BPF_FUNC_ktime_get_tai_ns};
    return is_call(instruction) && instruction.src_reg == 0 &&
           std::find(clocks.begin(), clocks.end(), instruction.imm) != clocks.end();
}

void rewrite_clock(ProgramText &text, int clock_map_fd, unsigned clock_type) {
    const std::size_t shipped = text.instructions().size();
    const auto function_at = text.append(clock_function(clock_map_fd), clock_type);
    for (std::size_t i = 0; i < shipped; i += width_of(text.instructions()[i])) {
        bpf_insn instruction = text.instructions()[i];
        if (!is_clock_call(instruction)) continue;
        instruction.src_reg = BPF_PSEUDO_CALL;
        instruction.imm = static_cast<__s32>(function_at - (i + 1));
        text.replace(i, instruction);
    }
}

FileDescriptor load_with_clock(ProgramText text, const bpf_object *object,
                               const bpf_program *program, int clock_map_fd) {
    BtfTypes types{bpf_object__btf(object)};
    const unsigned clock_type = types.add_clock_function("capture_clock");
    types.load();
    rewrite_clock(text, clock_map_fd, clock_type);
    return load_text(text, program, types);
}

FileDescriptor load_with_clock(const bpf_object *object, const bpf_program *program,
                               int clock_map_fd) {
    return load_with_clock(ProgramText::of(program), object, program, clock_map_fd);
}

} // namespace portscan
