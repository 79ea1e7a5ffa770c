// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"

#include <cstddef>
#include <cstdint>
#include <linux/bpf.h>
#include <span>
#include <string>
#include <vector>

struct bpf_object;
struct bpf_program;

namespace portscan {

class BtfTypes;

/// A function of a program: where it starts, and its type in the object's BTF.
struct ProgramFunction {
    std::size_t start = 0;
    unsigned type_id = 0;
    bool operator==(const ProgramFunction &) const = default;
};

/// Instructions to put in front of one that is there. They may jump among themselves only.
struct Insertion {
    enum class Way : std::uint8_t {
        every,     ///< run by whoever comes to `place`
        falling_in ///< run only by whoever comes from the instruction before, not by a jump
    };
    std::size_t place = 0;
    Way way = Way::every;
    std::vector<bpf_insn> code;
};

/// The instructions of a program, with what has to move when they do.
class ProgramText {
  public:
    ProgramText(std::string name, std::vector<bpf_insn> instructions,
                std::vector<ProgramFunction> functions);
    /// Those of a loaded program as libbpf gave them to the kernel: maps and calls resolved,
    /// subprograms appended, nothing changed by the verifier yet. Throws std::system_error.
    static ProgramText of(const bpf_program *program);

    const std::string &name() const { return name_; }
    std::span<const bpf_insn> instructions() const { return instructions_; }
    /// By their starts; the first one is the program's own and starts at 0.
    std::span<const ProgramFunction> functions() const { return functions_; }
    /// Where the function with this index ends.
    std::size_t end_of(std::size_t function) const;
    /// The index of the function that the instruction is in.
    std::size_t function_at(std::size_t place) const;

    /// The instructions of the function that the instruction is in.
    std::span<const bpf_insn> function_text(std::size_t place) const;

    /// Changes one instruction in place; for a wide one both halves are replaced one by one.
    void replace(std::size_t place, const bpf_insn &instruction);
    /// Puts instructions in. All places are those before the call; jumps, calls and functions are
    /// put right. Several at one place run in the order of the list, those that are only fallen
    /// into first. Throws std::length_error where a jump gets too long.
    void insert(std::span<const Insertion> insertions);
    /// Appends a function; where it starts.
    std::size_t append(std::span<const bpf_insn> code, unsigned type_id);

  private:
    std::string name_;
    std::vector<bpf_insn> instructions_;
    std::vector<ProgramFunction> functions_;
};

/// Loads the text as a program of the type and flags of `like`, a loaded program of whose maps and
/// types it is; `types` are loaded ones that hold all of its functions' types. Throws
/// std::system_error.
FileDescriptor load_text(const ProgramText &text, const bpf_program *like, const BtfTypes &types);

/// The same with the object's own types.
FileDescriptor load_text(const ProgramText &text, const bpf_program *like,
                         const bpf_object *object);

} // namespace portscan
