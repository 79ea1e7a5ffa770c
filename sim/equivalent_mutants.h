// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/mutant.h"
#include "sim/source_text.h"

#include <string>
#include <vector>

namespace portscan {

/// Mutants that a human found to do what the detector does, and why. What an entry names holds for
/// the text of a line, not for its number, so that it survives edits elsewhere.
struct EquivalentMutants {
    unsigned line = 0; ///< of the entry in the list
    std::string file;
    std::string function; ///< as compiled
    std::string text;     ///< of the source line
    MutationKind kind = MutationKind::condition;
    std::string change;
    std::size_t count = 1; ///< instructions of that line on which it is so
    std::string reason;

    bool covers(const Mutant &mutant) const;
};

/// Reads a list: TOML, `[[equivalent]]` tables (docs/mutation.md). An entry that names several
/// functions is one for each. Throws ScenarioError with everything that is wrong.
std::vector<EquivalentMutants> parse_equivalents(const SourceText &source);

/// Survivors held against the list.
struct EquivalentsCheck {
    std::vector<bool> listed;          ///< for each survivor
    std::vector<std::string> problems; ///< entries that no longer hold
};

/// `all`: the survivors are those of all mutants. Then an entry with fewer of them than it counts
/// is a problem: they are gone, or killed. Of a sample nothing can be said.
EquivalentsCheck check_equivalents(const std::vector<EquivalentMutants> &list,
                                   const std::string &path,
                                   const std::vector<const Mutant *> &survivors, bool all);

} // namespace portscan
