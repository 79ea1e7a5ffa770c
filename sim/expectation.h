// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "loader/verdict.h"
#include "sim/source_text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace portscan {

/// What a value may be; the canonical words are those of Expected.
enum class ValueKind : std::uint8_t {
    count,
    boolean,
    verdict,
    reason,
    state,
    port,
    source,       ///< an address or prefix
    time,         ///< `"12.5"`, seconds and their fraction, or a duration: `"1500ms"`
    time_or_never ///< or `never`
};

/// How a value is written in the file, so that another one can be written in its place.
enum class ValueForm : std::uint8_t {
    bare,         ///< `997`, `true`
    quoted,       ///< `"pass"`
    comma_string, ///< `"443,22,80"`
    array,        ///< `[443, 22, 80]`
    column,       ///< a column of a packet row
};

/// One value that must come out, in canonical words: one word, or the items of a list. Numbers are
/// decimal, booleans `true` or `false`, times `"seconds.nanoseconds"`, sources as
/// Prefix::to_string shows them.
struct Expected {
    std::string key; ///< as the file names it: `drop`, `blocked-at-frame`
    std::vector<std::string> words{};
    unsigned line = 0; ///< of the value
    ValueForm form = ValueForm::bare;
    bool bare_words = true;         ///< items of an array stand without quotes
    TextRange range{};              ///< of the value in the file
    std::vector<TextRange> items{}; ///< of an array's items

    bool operator==(const Expected &) const = default;
};

/// One `blocks` entry of a source: `at`, `frame`, `trigger-port`, `until`, those that are named; or
/// one `events` entry.
struct BlockExpectation {
    unsigned line = 0;
    std::vector<Expected> fields{};
};

/// `[[expect.source]]`.
struct SourceExpectation {
    Prefix address{};
    unsigned line = 0;
    std::vector<Expected> fields{}; ///< all but `address` and `blocks`
    std::optional<std::vector<BlockExpectation>> blocks{};
    unsigned blocks_line = 0;
    std::optional<std::vector<BlockExpectation>> events{}; ///< as the program reported them
    unsigned events_line = 0;

    /// Names what only ReplayOptions::details knows.
    bool wants_details() const;
};

/// Frames `first` to `last`, both included, 1-based.
struct FrameRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    bool contains(std::uint64_t number) const { return first <= number && number <= last; }
    bool operator==(const FrameRange &) const = default;
};

/// `[[expect.frame]]`, or the last columns of a packet row.
struct FrameExpectation {
    std::vector<FrameRange> frames{};
    unsigned line = 0;
    std::optional<Expected> verdict{};
    std::optional<Expected> reason{};
};

/// Everything that one run must show. What is not named is not checked.
struct Expectations {
    std::vector<Expected> totals; ///< `[expect]`: packets, verdicts, skipped, counters ...
    std::optional<Expected> ever_blocked;
    std::vector<SourceExpectation> sources;
    std::vector<FrameExpectation> frames;

    bool empty() const {
        return totals.empty() && !ever_blocked && sources.empty() && frames.empty();
    }
};

} // namespace portscan
