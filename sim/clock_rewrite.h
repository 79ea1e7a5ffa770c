// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/program_text.h"

#include <linux/bpf.h>

namespace portscan {

/// Makes each call of a clock helper (bpf_ktime_get_*) a call of one function that is appended, of
/// the type `clock_type`: it returns the element of the array map `clock_map_fd`. Nothing else
/// changes, and no instruction moves.
void rewrite_clock(ProgramText &text, int clock_map_fd, unsigned clock_type);

/// Is the instruction a call of a clock helper?
bool is_clock_call(const bpf_insn &instruction);

/// Loads the text of a loaded program on the same maps, with its clock rewritten. Throws
/// std::system_error.
FileDescriptor load_with_clock(ProgramText text, const bpf_object *object,
                               const bpf_program *program, int clock_map_fd);
/// The same with the program's own text.
FileDescriptor load_with_clock(const bpf_object *object, const bpf_program *program,
                               int clock_map_fd);

} // namespace portscan
