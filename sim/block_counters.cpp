// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/block_counters.h"

#include "sim/borrowed_registers.h"
#include "sim/instruction.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace portscan {

std::vector<bpf_insn> counting_code(int map_fd, std::size_t offset, RegisterSet live, int stack) {
    const BorrowedRegisters borrowed{live, stack};
    std::vector<bpf_insn> code;
    borrowed.save(code);
    append_address(code, borrowed.first(), map_fd, offset);
    code.push_back(make_instruction(BPF_ALU64 | BPF_MOV | BPF_K, borrowed.second(), 0, 0, 1));
    code.push_back(make_instruction(BPF_STX | BPF_ATOMIC | BPF_DW, borrowed.first(),
                                    borrowed.second(), 0, BPF_ADD));
    borrowed.restore(code);
    return code;
}

BlockCounters::BlockCounters(const ProgramText &text) : flow_{ControlFlow::of(text)} {
    counters_ = flow_.blocks.size();
    for (const Branch &branch : flow_.branches) {
        const bool shared = flow_.blocks[branch.falls_to].ways_in > 1;
        fall_counter_.push_back(shared ? counters_++ : branch.falls_to);
    }
    const auto size = static_cast<__u32>(counters_ * sizeof(std::uint64_t));
    map_ = FileDescriptor{
        bpf_map_create(BPF_MAP_TYPE_ARRAY, "psim_blocks", sizeof(__u32), size, 1, nullptr)};
    if (map_.get() < 0)
        throw std::system_error(errno, std::generic_category(), "create map of block counters");
}

void BlockCounters::put_into(ProgramText &text, std::span<const Insertion> more) const {
    if (ControlFlow::of(text) != flow_)
        throw std::invalid_argument("the program is another one than that of the counters");
    const auto counter = [&](std::size_t place, Insertion::Way way, RegisterSet live,
                             std::size_t index) {
        const int stack = lowest_stack_offset(text.function_text(place));
        return Insertion{.place = place,
                         .way = way,
                         .code =
                             counting_code(map_.get(), index * sizeof(std::uint64_t), live, stack)};
    };
    std::vector<Insertion> insertions;
    for (std::size_t b = 0; b < flow_.blocks.size(); ++b) {
        const Block &block = flow_.blocks[b];
        insertions.push_back(counter(block.begin, Insertion::Way::every, block.live_in, b));
    }
    for (std::size_t i = 0; i < flow_.branches.size(); ++i) {
        if (fall_counter_[i] == flow_.branches[i].falls_to) continue;
        const Block &behind = flow_.blocks[flow_.branches[i].falls_to];
        insertions.push_back(
            counter(behind.begin, Insertion::Way::falling_in, behind.live_in, fall_counter_[i]));
    }
    insertions.insert(insertions.end(), more.begin(), more.end());
    text.insert(insertions);
}

std::vector<std::uint64_t> BlockCounters::read() const {
    std::vector<std::uint64_t> counts(counters_);
    const __u32 zero = 0;
    if (bpf_map_lookup_elem(map_.get(), &zero, counts.data()) != 0)
        throw std::system_error(errno, std::generic_category(), "read block counters");
    return counts;
}

std::vector<std::uint64_t> BlockCounters::blocks() const {
    auto counts = read();
    counts.resize(flow_.blocks.size());
    return counts;
}

std::vector<BranchCount> BlockCounters::branches() const {
    const auto counts = read();
    std::vector<BranchCount> branches;
    for (std::size_t i = 0; i < flow_.branches.size(); ++i) {
        const std::uint64_t fell = counts[fall_counter_[i]];
        branches.push_back({.taken = counts[flow_.branches[i].block] - fell, .fell = fell});
    }
    return branches;
}

} // namespace portscan
