// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/passing_program.h"

#include <array>
#include <bpf/bpf.h>

namespace portscan {

FileDescriptor load_passing_program(bpf_prog_type type, __u32 flags) {
    const std::array<bpf_insn, 2> instructions{
        bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K,
                 .dst_reg = BPF_REG_0,
                 .src_reg = 0,
                 .off = 0,
                 .imm = XDP_PASS},
        bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
    LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = flags);
    return FileDescriptor{bpf_prog_load(type, "pscan_pass", "GPL", instructions.data(),
                                        instructions.size(), &options)};
}

} // namespace portscan
