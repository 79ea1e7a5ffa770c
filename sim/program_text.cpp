// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/program_text.h"

#include "sim/btf_types.h"
#include "sim/instruction.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <fmt/format.h>
#include <limits>
#include <set>
#include <stdexcept>
#include <system_error>

namespace portscan {
namespace {

[[noreturn]] void fail(int error, const std::string &what) {
    throw std::system_error(error, std::generic_category(), what);
}

/// Types of the loaded program's functions, in their order.
std::vector<unsigned> loaded_types(int program_fd) {
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
    std::vector<unsigned> types;
    types.reserve(functions.size());
    for (const bpf_func_info &function : functions) types.push_back(function.type_id);
    return types;
}

/// Where functions start: at 0 and at every target of a call or of a function's address.
std::set<std::size_t> function_starts(std::span<const bpf_insn> instructions) {
    std::set<std::size_t> starts{0};
    for (std::size_t i = 0; i < instructions.size(); i += width_of(instructions[i]))
        if (const auto start = function_named(instructions, i)) starts.insert(*start);
    return starts;
}

/// Where the instructions of a text stand once others were put in.
struct Places {
    std::vector<std::size_t> entry; ///< where those that jump to it go now
    std::vector<std::size_t> own;   ///< where it stands itself
};

std::int32_t distance(std::size_t from, std::size_t to) {
    return static_cast<std::int32_t>(static_cast<std::ptrdiff_t>(to) -
                                     static_cast<std::ptrdiff_t>(from) - 1);
}

/// Makes the instruction that stood at `place` reach what it reached.
void redirect(bpf_insn &instruction, std::span<const bpf_insn> before, std::size_t place,
              const Places &places) {
    if (const auto function = function_named(before, place)) {
        instruction.imm = distance(places.own[place], places.entry[*function]);
    } else if (is_jump(instruction)) {
        const auto far = distance(places.own[place], places.entry[jump_target(before, place)]);
        if (is_long_jump(instruction)) {
            instruction.imm = far;
            return;
        }
        if (far < std::numeric_limits<__s16>::min() || far > std::numeric_limits<__s16>::max())
            throw std::length_error("a jump gets too long for what is inserted in between");
        instruction.off = static_cast<__s16>(far);
    }
}

} // namespace

ProgramText::ProgramText(std::string name, std::vector<bpf_insn> instructions,
                         std::vector<ProgramFunction> functions) :
    name_(std::move(name)),
    instructions_(std::move(instructions)),
    functions_(std::move(functions)) {}

ProgramText ProgramText::of(const bpf_program *program) {
    const bpf_insn *const first = bpf_program__insns(program);
    std::vector<bpf_insn> instructions{first, first + bpf_program__insn_cnt(program)};
    // The kernel gives the order of the functions' types, but places of what the verifier made.
    const auto types = loaded_types(bpf_program__fd(program));
    const auto starts = function_starts(instructions);
    if (starts.size() != types.size())
        fail(ENOTSUP, fmt::format("functions of {} cannot be told apart: it cannot be rewritten, "
                                  "only run as it is with --clock wall",
                                  bpf_program__name(program)));
    std::vector<ProgramFunction> functions;
    functions.reserve(starts.size());
    for (const std::size_t start : starts) functions.push_back({start, types[functions.size()]});
    return {bpf_program__name(program), std::move(instructions), std::move(functions)};
}

std::size_t ProgramText::end_of(std::size_t function) const {
    return function + 1 < functions_.size() ? functions_[function + 1].start : instructions_.size();
}

std::size_t ProgramText::function_at(std::size_t place) const {
    const auto after = std::upper_bound(
        functions_.begin(), functions_.end(), place,
        [](std::size_t at, const ProgramFunction &function) { return at < function.start; });
    return static_cast<std::size_t>(after - functions_.begin()) - 1;
}

std::span<const bpf_insn> ProgramText::function_text(std::size_t place) const {
    const std::size_t function = function_at(place);
    const std::size_t start = functions_[function].start;
    return instructions().subspan(start, end_of(function) - start);
}

void ProgramText::replace(std::size_t place, const bpf_insn &instruction) {
    instructions_.at(place) = instruction;
}

void ProgramText::insert(std::span<const Insertion> insertions) {
    std::vector<std::vector<bpf_insn>> falling(instructions_.size());
    std::vector<std::vector<bpf_insn>> every(instructions_.size());
    for (const Insertion &one : insertions) {
        auto &code = (one.way == Insertion::Way::every ? every : falling).at(one.place);
        code.insert(code.end(), one.code.begin(), one.code.end());
    }
    Places places;
    std::vector<bpf_insn> text;
    for (std::size_t i = 0; i < instructions_.size(); ++i) {
        text.insert(text.end(), falling[i].begin(), falling[i].end());
        places.entry.push_back(text.size());
        text.insert(text.end(), every[i].begin(), every[i].end());
        places.own.push_back(text.size());
        text.push_back(instructions_[i]);
    }
    for (std::size_t i = 0; i < instructions_.size(); i += width_of(instructions_[i]))
        redirect(text[places.own[i]], instructions_, i, places);
    for (ProgramFunction &function : functions_) function.start = places.entry[function.start];
    instructions_ = std::move(text);
}

std::size_t ProgramText::append(std::span<const bpf_insn> code, unsigned type_id) {
    const std::size_t start = instructions_.size();
    instructions_.insert(instructions_.end(), code.begin(), code.end());
    functions_.push_back({start, type_id});
    return start;
}

FileDescriptor load_text(const ProgramText &text, const bpf_program *like, const BtfTypes &types) {
    // The kernel wants a type for each function, else global ones are verified as static ones.
    std::vector<bpf_func_info> functions;
    for (const ProgramFunction &function : text.functions())
        functions.push_back(
            {.insn_off = static_cast<__u32>(function.start), .type_id = function.type_id});
    LIBBPF_OPTS(bpf_prog_load_opts, options);
    options.expected_attach_type = bpf_program__expected_attach_type(like);
    options.prog_flags = bpf_program__flags(like);
    // The kernel takes programs of this type as sleepable ones only; libbpf adds that as it loads.
    if (bpf_program__type(like) == BPF_PROG_TYPE_SYSCALL) options.prog_flags |= BPF_F_SLEEPABLE;
    options.prog_btf_fd = static_cast<__u32>(types.fd());
    options.func_info_rec_size = sizeof(bpf_func_info);
    options.func_info = functions.data();
    options.func_info_cnt = static_cast<__u32>(functions.size());
    const int fd = bpf_prog_load(bpf_program__type(like), "psim_rewritten", "GPL",
                                 text.instructions().data(), text.instructions().size(), &options);
    if (fd < 0) fail(-fd, fmt::format("load the rewritten {}", text.name()));
    return FileDescriptor{fd};
}

FileDescriptor load_text(const ProgramText &text, const bpf_program *like,
                         const bpf_object *object) {
    BtfTypes types{bpf_object__btf(object)};
    types.load();
    return load_text(text, like, types);
}

} // namespace portscan
