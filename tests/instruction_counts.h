// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace portscan::test {

/// Numbers of instructions that hold for one key: of functions in the object by compiler, or
/// processed by the verifier by compiler and kernel.
struct CountRow {
    std::string table;                          ///< `object`, `verified`
    std::map<std::string, std::string> key;     ///< `clang` = `14.0.6`, `kernel` = `6.18.44`
    std::map<std::string, std::int64_t> counts; ///< by function or program

    bool operator==(const CountRow &) const = default;
};

/// The rows of a file in TOML: texts are keys, numbers are counts. Throws std::runtime_error, one
/// line that names the place.
std::vector<CountRow> parse_counts(std::string_view toml);
/// A row as it stands in the file.
std::string to_toml(const CountRow &row);

struct CountVerdict {
    bool passed = true;
    std::string text{}; ///< lines for people; empty: as in the baseline
};
/// Holds the row against the one with its key. A key that is not there passes, with the row to add.
CountVerdict compare_counts(const std::vector<CountRow> &baseline, const CountRow &now,
                            std::string_view file);

/// `6.18.44` of `6.18.44-cloud-amd64`.
std::string version_number(std::string_view release);

} // namespace portscan::test
