// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mutation.h"

#include "sim/instruction.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>
#include <tuple>

namespace portscan {
namespace {

constexpr std::array<std::string_view, 5> kind_names{"condition", "boundary", "constant", "store",
                                                     "arithmetic"};

unsigned class_of(const bpf_insn &instruction) {
    return BPF_CLASS(instruction.code);
}

unsigned operation_of(const bpf_insn &instruction) {
    return BPF_OP(instruction.code);
}

bool has_constant(const bpf_insn &instruction) {
    return BPF_SRC(instruction.code) == BPF_K;
}

bpf_insn with_operation(bpf_insn instruction, unsigned operation) {
    instruction.code = static_cast<__u8>((instruction.code & ~0xf0U) | operation);
    return instruction;
}

bpf_insn with_constant(bpf_insn instruction, std::int64_t constant) {
    instruction.imm = static_cast<__s32>(constant);
    return instruction;
}

/// A condition: how it is written, its opposite, and what it is with its bound moved in or out.
struct Comparison {
    unsigned operation;
    std::string_view text;
    unsigned opposite;
    unsigned neighbour; ///< the same with equality in or out; itself where there is none
    int other_way;      ///< what is added to a constant to move the bound the other way
};
constexpr std::array comparisons{
    Comparison{BPF_JEQ, "==", BPF_JNE, BPF_JEQ, 1},
    Comparison{BPF_JNE, "!=", BPF_JEQ, BPF_JNE, 1},
    Comparison{BPF_JGT, ">", BPF_JLE, BPF_JGE, 1},
    Comparison{BPF_JGE, ">=", BPF_JLT, BPF_JGT, -1},
    Comparison{BPF_JLT, "<", BPF_JGE, BPF_JLE, -1},
    Comparison{BPF_JLE, "<=", BPF_JGT, BPF_JLT, 1},
    Comparison{BPF_JSGT, "s>", BPF_JSLE, BPF_JSGE, 1},
    Comparison{BPF_JSGE, "s>=", BPF_JSLT, BPF_JSGT, -1},
    Comparison{BPF_JSLT, "s<", BPF_JSGE, BPF_JSLE, -1},
    Comparison{BPF_JSLE, "s<=", BPF_JSGT, BPF_JSLT, 1},
    Comparison{BPF_JSET, "&", BPF_JSET, BPF_JSET, 1}, // has no opposite of its own
};

struct Arithmetic {
    unsigned operation;
    std::string_view text;
    unsigned other; ///< what somebody may have meant; itself where there is none
};
constexpr std::array operators{
    Arithmetic{BPF_ADD, "+=", BPF_SUB},    Arithmetic{BPF_SUB, "-=", BPF_ADD},
    Arithmetic{BPF_MUL, "*=", BPF_DIV},    Arithmetic{BPF_DIV, "/=", BPF_MUL},
    Arithmetic{BPF_MOD, "%=", BPF_DIV},    Arithmetic{BPF_AND, "&=", BPF_OR},
    Arithmetic{BPF_OR, "|=", BPF_AND},     Arithmetic{BPF_XOR, "^=", BPF_OR},
    Arithmetic{BPF_LSH, "<<=", BPF_RSH},   Arithmetic{BPF_RSH, ">>=", BPF_LSH},
    Arithmetic{BPF_ARSH, "s>>=", BPF_LSH}, Arithmetic{BPF_MOV, "=", BPF_MOV},
};

template <typename Table>
auto look_up(const Table &table, unsigned operation) -> const typename Table::value_type * {
    const auto found = std::find_if(table.begin(), table.end(), [operation](const auto &entry) {
        return entry.operation == operation;
    });
    return found == table.end() ? nullptr : &*found;
}

/// `> 32767`, `> a register`.
std::string operand_text(std::string_view operation, const bpf_insn &instruction) {
    if (has_constant(instruction)) return fmt::format("{} {}", operation, instruction.imm);
    return fmt::format("{} a register", operation);
}

std::string comparison_text(const bpf_insn &instruction) {
    const Comparison *const known = look_up(comparisons, operation_of(instruction));
    return operand_text(known == nullptr ? "?" : known->text, instruction);
}

std::string arithmetic_text(const bpf_insn &instruction) {
    const Arithmetic *const known = look_up(operators, operation_of(instruction));
    return operand_text(known == nullptr ? "?" : known->text, instruction);
}

/// A constant that is another truth value where it may be one, else one more.
std::int64_t other_constant(std::int64_t constant) {
    return constant == 1 ? 0 : constant + 1;
}

/// Registers saved on the stack: the slots that are read again by the frame pointer. What has its
/// address taken is read by another register.
class SavedRegisters {
  public:
    explicit SavedRegisters(const ProgramText &program) : program_(program) {
        const auto instructions = program.instructions();
        for (std::size_t i = 0; i < instructions.size(); i += width_of(instructions[i])) {
            const bpf_insn &read = instructions[i];
            const bool load = class_of(read) == BPF_LDX && BPF_MODE(read.code) == BPF_MEM;
            if (load && read.src_reg == BPF_REG_10) slots_.insert(slot(i, read));
        }
    }

    bool has(std::size_t index, const bpf_insn &store) const {
        return class_of(store) == BPF_STX && store.dst_reg == BPF_REG_10 &&
               slots_.count(slot(index, store)) != 0;
    }

  private:
    using Slot = std::tuple<std::size_t, int, unsigned>; ///< function, offset, size

    Slot slot(std::size_t index, const bpf_insn &access) const {
        return {program_.function_at(index), access.off, BPF_SIZE(access.code)};
    }

    const ProgramText &program_;
    std::set<Slot> slots_;
};

class Finder {
  public:
    explicit Finder(const ProgramText &program) :
        instructions_(program.instructions()),
        saved_(program) {}

    std::vector<Mutation> find() {
        for (; index_ < instructions_.size(); index_ += width_of(instructions_[index_])) {
            const bpf_insn &here = instructions_[index_];
            switch (class_of(here)) {
            case BPF_LD:
                if (is_wide(here)) mutate_wide_constant(here);
                break;
            case BPF_ALU:
            case BPF_ALU64:
                mutate_arithmetic(here);
                break;
            case BPF_JMP:
            case BPF_JMP32:
                mutate_comparison(here);
                break;
            case BPF_ST:
            case BPF_STX:
                mutate_store(here);
                break;
            default:
                break;
            }
        }
        return std::move(found_);
    }

  private:
    void add(MutationKind kind, std::size_t place, const bpf_insn &replacement,
             std::string change) {
        found_.push_back({index_, place, kind, replacement, std::move(change)});
    }

    void mutate_wide_constant(const bpf_insn &here) {
        if (here.src_reg != 0) return; // the address of a map or a function
        const bpf_insn &high = instructions_[index_ + 1];
        const bool upper = here.imm == 0;
        const bpf_insn &half = upper ? high : here;
        const auto value = [](const bpf_insn &low, const bpf_insn &top) {
            return std::uint64_t{static_cast<__u32>(top.imm)} << 32 | static_cast<__u32>(low.imm);
        };
        const bpf_insn replacement = with_constant(half, other_constant(half.imm));
        const std::uint64_t after = upper ? value(here, replacement) : value(replacement, high);
        add(MutationKind::constant, index_ + (upper ? 1 : 0), replacement,
            fmt::format("= {:#x} to = {:#x}", value(here, high), after));
    }

    void mutate_arithmetic(const bpf_insn &here) {
        const Arithmetic *const known = look_up(operators, operation_of(here));
        if (known == nullptr) return; // negation, byte order
        const auto replace = [&](MutationKind kind, const bpf_insn &replacement) {
            add(kind, index_, replacement,
                fmt::format("{} to {}", arithmetic_text(here), arithmetic_text(replacement)));
        };
        if (is_stack_address(here)) return;
        if (has_constant(here))
            replace(MutationKind::constant, with_constant(here, other_constant(here.imm)));
        if (known->other != known->operation)
            replace(MutationKind::arithmetic, with_operation(here, known->other));
    }

    /// `r1 += -40` behind `r1 = r10`: where the compiler has put a variable.
    bool is_stack_address(const bpf_insn &here) const {
        if (index_ == 0 || here.code != (BPF_ALU64 | BPF_ADD | BPF_K)) return false;
        const bpf_insn &before = instructions_[index_ - 1];
        return before.code == (BPF_ALU64 | BPF_MOV | BPF_X) && before.src_reg == BPF_REG_10 &&
               before.dst_reg == here.dst_reg;
    }

    void mutate_comparison(const bpf_insn &here) {
        const Comparison *const known = look_up(comparisons, operation_of(here));
        if (known == nullptr) return; // no condition
        const auto replace = [&](MutationKind kind, const bpf_insn &replacement) {
            add(kind, index_, replacement,
                fmt::format("{} to {}", comparison_text(here), comparison_text(replacement)));
        };
        if (known->opposite != known->operation)
            replace(MutationKind::condition, with_operation(here, known->opposite));
        if (known->neighbour != known->operation)
            replace(MutationKind::boundary, with_operation(here, known->neighbour));
        // Below zero an unsigned bound would become the largest of all; and whether something is 0
        // asks for truth or presence, for which off by one means nothing.
        const bool is_bound = known->neighbour != known->operation || here.imm != 0;
        if (has_constant(here) && is_bound && (known->other_way > 0 || here.imm != 0))
            replace(MutationKind::boundary,
                    with_constant(here, std::int64_t{here.imm} + known->other_way));
    }

    void mutate_store(const bpf_insn &here) {
        if (saved_.has(index_, here)) return;
        const bpf_insn nothing{
            .code = BPF_JMP | BPF_JA, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0};
        static constexpr std::array sizes{4, 2, 1, 8}; // by BPF_SIZE
        const bool atomic = BPF_MODE(here.code) == BPF_ATOMIC;
        add(MutationKind::store, index_, nothing,
            fmt::format("{} of {} bytes removed", atomic ? "atomic operation" : "store",
                        sizes[BPF_SIZE(here.code) >> 3]));
        if (class_of(here) == BPF_ST)
            add(MutationKind::constant, index_, with_constant(here, other_constant(here.imm)),
                fmt::format("store of {} to {}", here.imm, other_constant(here.imm)));
    }

    std::span<const bpf_insn> instructions_;
    SavedRegisters saved_;
    std::size_t index_ = 0;
    std::vector<Mutation> found_;
};

} // namespace

std::string_view to_string(MutationKind kind) {
    return kind_names.at(static_cast<std::size_t>(kind));
}

std::optional<MutationKind> parse_mutation_kind(std::string_view name) {
    const auto found = std::find(kind_names.begin(), kind_names.end(), name);
    if (found == kind_names.end()) return std::nullopt;
    return static_cast<MutationKind>(found - kind_names.begin());
}

std::vector<Mutation> find_mutations(const ProgramText &program) {
    return Finder{program}.find();
}

ProgramText apply(const Mutation &mutation, ProgramText program) {
    program.replace(mutation.place, mutation.replacement);
    return program;
}

} // namespace portscan
