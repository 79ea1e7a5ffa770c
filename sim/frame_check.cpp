// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/dissect.h"
#include "sim/expectation_check.h"
#include "sim/rewrite.h"

#include <algorithm>
#include <fmt/format.h>

namespace portscan {
namespace {

bool names(const FrameExpectation &expected, std::uint64_t number) {
    return std::any_of(expected.frames.begin(), expected.frames.end(),
                       [&](const FrameRange &range) { return range.contains(number); });
}

std::uint64_t last_frame(const FrameExpectation &expected) {
    std::uint64_t last = 0;
    for (const FrameRange &range : expected.frames) last = std::max(last, range.last);
    return last;
}

} // namespace

std::string describe_outcome(const FrameOutcome &outcome) {
    if (outcome.skip) return fmt::format("not run ({})", to_string(*outcome.skip));
    if (!outcome.result) return "not selected";
    return fmt::format("{} ({})", to_string(outcome.result->verdict),
                       to_string(outcome.result->reason));
}

FrameNote note_frame(const CapturedFrame &frame, const FrameOutcome &outcome) {
    return {.number = frame.number,
            .time_ns = outcome.time_ns,
            .summary = summarize(frame.bytes, frame.wire_length),
            .outcome = describe_outcome(outcome)};
}

FrameChecker::FrameChecker(const std::vector<FrameExpectation> &expected,
                           const SourceText &source) :
    source_(source) {
    for (const FrameExpectation &one : expected) entries_.push_back({.expected = &one});
}

void FrameChecker::compare(Column &column, const std::optional<Expected> &expected,
                           const std::string &got, const CapturedFrame &frame,
                           const FrameOutcome &outcome) {
    if (!expected) return;
    if (!column.common)
        column.common = got;
    else if (*column.common != got)
        column.common = "";
    if (got == expected->words.front()) return;
    ++column.differing;
    if (column.first) return;
    column.first = Mismatch{.line = expected->line,
                            .what = fmt::format("{} of frame {}", expected->key, frame.number),
                            .expected = expected->words.front(),
                            .got = describe_outcome(outcome),
                            .frame = note_frame(frame, outcome)};
}

void FrameChecker::observe(const CapturedFrame &frame, const FrameOutcome &outcome) {
    frames_ = std::max(frames_, frame.number);
    for (Entry &entry : entries_) {
        if (!names(*entry.expected, frame.number)) continue;
        const auto &result = outcome.result;
        const std::string verdict{result ? to_string(result->verdict) : ""};
        const std::string reason{result ? to_string(result->reason) : ""};
        compare(entry.verdict, entry.expected->verdict, verdict, frame, outcome);
        compare(entry.reason, entry.expected->reason, reason, frame, outcome);
    }
}

void FrameChecker::add_finding(std::vector<Finding> &findings, const Column &column,
                               const std::optional<Expected> &expected) const {
    if (!column.first) return;
    Mismatch mismatch = *column.first;
    if (column.differing > 1) {
        mismatch.got += fmt::format(", and {} more frames differ", column.differing - 1);
    }
    if (!column.common->empty()) {
        mismatch.rewrite = rewrite_value(source_, *expected, {*column.common});
    }
    findings.push_back({std::move(mismatch), nullptr});
}

std::vector<Finding> FrameChecker::findings() const {
    std::vector<Finding> findings;
    for (const Entry &entry : entries_) {
        add_finding(findings, entry.verdict, entry.expected->verdict);
        add_finding(findings, entry.reason, entry.expected->reason);
        const std::uint64_t last = last_frame(*entry.expected);
        if (last <= frames_) continue;
        findings.push_back({{.line = entry.expected->line,
                             .what = fmt::format("frame {}", last),
                             .expected = "a frame of that number",
                             .got = fmt::format("{} frames", frames_)},
                            frame_witness(frames_)});
    }
    return findings;
}

} // namespace portscan
