// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <linux/bpf.h>
#include <vector>

struct bpf_object;
struct bpf_program;

namespace portscan {

/// The instructions of `program` with each call of a clock helper (bpf_ktime_get_*) made a call of
/// one function that is appended: it returns the element of the array map `clock_map_fd`. Nothing
/// else changes, and no instruction moves.
std::vector<bpf_insn> rewrite_clock(const std::vector<bpf_insn> &instructions, int clock_map_fd);

/// Is the instruction a call of a clock helper?
bool is_clock_call(const bpf_insn &instruction);

/// The loaded instructions of a program, maps and calls resolved.
std::vector<bpf_insn> loaded_instructions(const bpf_program *program);

/// Loads the rewritten form of a loaded program on the same maps; its descriptor, which the caller
/// closes. Throws std::system_error.
int load_with_clock(const bpf_object *object, const bpf_program *program, int clock_map_fd);

} // namespace portscan
