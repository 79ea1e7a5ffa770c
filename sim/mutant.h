// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/mutation.h"
#include "sim/simulator.h"
#include "sim/source_lines.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace portscan {

/// A detector that is wrong in one instruction, and where that stands in the source.
struct Mutant {
    ProgramRole role = ProgramRole::filter;
    Mutation mutation;
    SourceLine line;
    std::string function; ///< as it was compiled, what was inlined into it included
};

/// All mutants of a detector's programs, in the order of their instructions. Throws ObjectError
/// where the object file does not say from which lines its instructions are.
std::vector<Mutant> find_mutants(const Detector &detector, const std::string &object_path);

/// The program of the detector as it was loaded.
ProgramText program_text(const Detector &detector, ProgramRole role);

/// `count` of them drawn at random, in their order; all where there are no more. The same seed
/// draws the same.
std::vector<Mutant> draw_sample(std::vector<Mutant> mutants, std::size_t count, std::uint64_t seed);

/// `bpf/decision.bpf.h:24 judge_once4, boundary: > 3 to >= 3`
std::string describe(const Mutant &mutant);

} // namespace portscan
