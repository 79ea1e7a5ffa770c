// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mutant.h"

#include "loader/detector.h"
#include "sim/random.h"

#include <algorithm>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <iterator>

namespace portscan {

ProgramText program_text(const Detector &detector, ProgramRole role) {
    return ProgramText::of(bpf_object__find_program_by_name(
        detector.object(), role == ProgramRole::filter ? "xdp_port_scan_block" : "pscan_expire"));
}

std::vector<Mutant> find_mutants(const Detector &detector, const std::string &object_path) {
    const auto object = read_object(object_path);
    std::vector<Mutant> mutants;
    for (const ProgramRole role : {ProgramRole::filter, ProgramRole::expiry}) {
        const ProgramText text = program_text(detector, role);
        const SourceLines lines = SourceLines::read(object, detector.object(), text);
        for (Mutation &mutation : find_mutations(text)) {
            const std::size_t index = mutation.index;
            mutants.push_back(
                {role, std::move(mutation), lines.at(index), lines.function_at(index)});
        }
    }
    return mutants;
}

std::vector<Mutant> draw_sample(std::vector<Mutant> mutants, std::size_t count,
                                std::uint64_t seed) {
    if (count >= mutants.size()) return mutants;
    // Knuth's selection sampling: each with the chance that the ones still wanted have.
    Random random{seed};
    std::vector<Mutant> drawn;
    for (std::size_t i = 0; i < mutants.size(); ++i)
        if (random.below(mutants.size() - i) < count - drawn.size())
            drawn.push_back(std::move(mutants[i]));
    return drawn;
}

std::string describe(const Mutant &mutant) {
    return fmt::format("{}:{} {}, {}: {}", mutant.line.file, mutant.line.line, mutant.function,
                       to_string(mutant.mutation.kind), mutant.mutation.change);
}

} // namespace portscan
