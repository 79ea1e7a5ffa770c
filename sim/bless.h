// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/case_result.h"
#include "sim/scenario.h"
#include "sim/source_text.h"

#include <string>
#include <vector>

namespace portscan {

/// What `--bless` does to one scenario file.
struct Blessing {
    std::vector<TextEdit> edits; ///< of values only; no two overlap
    /// Mismatches that stay, each `file:line: why and what to do`.
    std::vector<std::string> refused;
};

/// The edits that make the file state what its cases gave. `results` are those of the scenario's
/// cases, in their order. A value that several cases share changes only where all of them agree.
Blessing bless(const Scenario &scenario, const std::vector<CaseResult> &results);

/// The edited lines, old ones with `-` and new ones with `+`, each group under `@@ file:line @@`.
std::string difference(const SourceText &before, const std::vector<TextEdit> &edits);

/// Replaces the file's content in one step, keeping its permissions: a reader, or a crash, sees the
/// old file or the new one. Throws std::system_error.
void replace_file(const std::string &path, const std::string &content);

/// True where `value`, that of the variable CI, says that this is continuous integration: set, and
/// neither empty nor `false`.
bool says_ci(const char *value);

} // namespace portscan
