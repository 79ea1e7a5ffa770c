// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/mutant.h"

#include <string>
#include <vector>

namespace portscan {

/// Those of one source file, `bpf/registry.bpf.h` or its last part. Throws OptionError where there
/// are none.
std::vector<Mutant> of_file(std::vector<Mutant> mutants, const std::string &file);

/// Those that survived an earlier run, by the JSON that it wrote to `path`. Throws OptionError
/// where that cannot be read, or is of another object.
std::vector<Mutant> survivors_of(std::vector<Mutant> mutants, const std::string &path,
                                 const std::string &object_sha256);

} // namespace portscan
