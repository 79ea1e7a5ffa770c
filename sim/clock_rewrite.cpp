// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/clock_rewrite.h"

#include "sim/btf_types.h"

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <set>
#include <system_error>

namespace portscan {
namespace {

[[noreturn]] void fail(int error, const char *what) {
    throw std::system_error(error, std::generic_category(), what);
}

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

/// Types of the loaded program's functions, in their order.
std::vector<bpf_func_info> loaded_functions(int program_fd) {
    bpf_prog_info info{};
    __u32 size = sizeof(info);
    if (bpf_obj_get_info_by_fd(program_fd, &info, &size) != 0) fail(errno, "inspect program");
    std::vector<bpf_func_info> functions(info.nr_func_info);
    bpf_prog_info query{};
    query.nr_func_info = info.nr_func_info;
    query.func_info_rec_size = sizeof(bpf_func_info);
    query.func_info = reinterpret_cast<__u64>(functions.data());
    size = sizeof(query);
    if (bpf_obj_get_info_by_fd(program_fd, &query, &size) != 0) fail(errno, "inspect program");
    return functions;
}

/// Where functions start: at 0 and at every target of a call or of a function's address.
std::set<__u32> function_starts(const std::vector<bpf_insn> &instructions) {
    std::set<__u32> starts{0};
    for (std::size_t i = 0; i < instructions.size(); ++i) {
        const auto &instruction = instructions[i];
        const bool call =
            instruction.code == (BPF_JMP | BPF_CALL) && instruction.src_reg == BPF_PSEUDO_CALL;
        const bool address = instruction.code == (BPF_LD | BPF_DW | BPF_IMM) &&
                             instruction.src_reg == BPF_PSEUDO_FUNC;
        if (call || address)
            starts.insert(static_cast<__u32>(static_cast<__s32>(i) + 1 + instruction.imm));
    }
    return starts;
}

/// The loaded program's functions where they stand before the verifier moved instructions.
std::vector<bpf_func_info> original_functions(int program_fd,
                                              const std::vector<bpf_insn> &instructions) {
    auto functions = loaded_functions(program_fd);
    const auto starts = function_starts(instructions);
    if (starts.size() != functions.size())
        fail(ENOTSUP,
             "detector's functions cannot be told apart: put it on the kernel's clock with "
             "--clock wall");
    std::size_t index = 0;
    for (const __u32 start : starts) functions[index++].insn_off = start;
    return functions;
}

} // namespace

bool is_clock_call(const bpf_insn &instruction) {
    constexpr std::array clocks{BPF_FUNC_ktime_get_ns, BPF_FUNC_ktime_get_boot_ns,
                                BPF_FUNC_ktime_get_coarse_ns, BPF_FUNC_ktime_get_tai_ns};
    return instruction.code == (BPF_JMP | BPF_CALL) && instruction.src_reg == 0 &&
           std::find(clocks.begin(), clocks.end(), instruction.imm) != clocks.end();
}

std::vector<bpf_insn> rewrite_clock(const std::vector<bpf_insn> &instructions, int clock_map_fd) {
    std::vector<bpf_insn> rewritten = instructions;
    const auto function_at = static_cast<__s32>(instructions.size());
    for (__s32 i = 0; i < function_at; ++i) {
        auto &instruction = rewritten[static_cast<std::size_t>(i)];
        if (!is_clock_call(instruction)) continue;
        instruction.src_reg = BPF_PSEUDO_CALL;
        instruction.imm = function_at - (i + 1);
    }
    const auto function = clock_function(clock_map_fd);
    rewritten.insert(rewritten.end(), function.begin(), function.end());
    return rewritten;
}

std::vector<bpf_insn> loaded_instructions(const bpf_program *program) {
    const bpf_insn *first = bpf_program__insns(program);
    return {first, first + bpf_program__insn_cnt(program)};
}

int load_with_clock(const bpf_object *object, const bpf_program *program, int clock_map_fd) {
    const auto original = loaded_instructions(program);
    const auto instructions = rewrite_clock(original, clock_map_fd);
    // The kernel wants a type for each function, the appended one included.
    BtfTypes types{bpf_object__btf(object)};
    const unsigned clock_type = types.add_clock_function("capture_clock");
    types.load();
    auto functions = original_functions(bpf_program__fd(program), original);
    functions.push_back({.insn_off = static_cast<__u32>(original.size()), .type_id = clock_type});
    LIBBPF_OPTS(bpf_prog_load_opts, options);
    options.prog_flags = bpf_program__flags(program);
    options.prog_btf_fd = static_cast<__u32>(types.fd());
    options.func_info_rec_size = sizeof(bpf_func_info);
    options.func_info = functions.data();
    options.func_info_cnt = static_cast<__u32>(functions.size());
    const int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "pscan_captured", "GPL", instructions.data(),
                                 instructions.size(), &options);
    if (fd < 0) fail(-fd, "load detector on the capture's clock");
    return fd;
}

} // namespace portscan
