// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/expectation.h"
#include "sim/replay.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// A field of `[[expect.source]]` that is a word, or, for ports, a list of words.
struct SourceField {
    std::string_view key; ///< `first-seen`
    ValueKind kind = ValueKind::count;
    /// What came out, in canonical words; nothing where the source has no such value.
    std::optional<std::vector<std::string>> (*got)(const SourceReport &source) = nullptr;
};

/// Every field but `address` and `blocks`, in the order of the documentation.
const std::vector<SourceField> &source_fields();
const SourceField *find_source_field(std::string_view key);

/// What came out for a key of BlockExpectation, as a canonical word; nothing where the block has
/// no such value (a block by hand has no trigger port).
std::optional<std::string> block_field(const BlockReport &block, std::string_view key);

/// The same for an event, whose ports are a list of words.
std::optional<std::vector<std::string>> event_field(const BlockEvent &event, std::string_view key);

/// Keys of `[expect]` that are numbers: packets, verdicts, not-selected, time-held, counters.
const std::vector<std::string> &total_keys();
/// Keys of the table form of `skipped`: `too-short` ...
const std::vector<std::string> &skip_keys();
/// What came out for such a key; also `skipped` and `skipped.REASON`.
std::uint64_t total_value(const ReplayReport &report, std::string_view key);

/// True for the names of SourceState.
bool is_source_state(std::string_view text);

/// `_` for each `-`: a key of the file as JSON and counters name it.
std::string with_underscores(std::string_view key);
/// `-` for each `_`.
std::string with_dashes(std::string_view name);

} // namespace portscan
