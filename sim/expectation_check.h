// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/expectation.h"
#include "sim/mismatch.h"
#include "sim/witness.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace portscan {

/// A mismatch, and how to find the frame that it comes from in a second run.
struct Finding {
    Mismatch mismatch;
    Witness witness; ///< empty: the mismatch has its frame already
};

/// Compares the books of a run with `[expect]` and `[[expect.source]]`. `ipv6_prefix` is that of
/// the run: an expected IPv6 address stands for its prefix.
std::vector<Finding> check_report(const Expectations &expect, const ReplayReport &report,
                                  unsigned ipv6_prefix, const SourceText &source);

/// Holds every frame of a run against `[[expect.frame]]` and the columns of packet rows.
class FrameChecker {
  public:
    /// Both must outlive the checker.
    FrameChecker(const std::vector<FrameExpectation> &expected, const SourceText &source);

    void observe(const CapturedFrame &frame, const FrameOutcome &outcome);
    /// Mismatches in the order of the file.
    std::vector<Finding> findings() const;

  private:
    /// One of an entry's two columns over all its frames so far.
    struct Column {
        std::optional<Mismatch> first; ///< at the first frame that differed
        std::uint64_t differing = 0;
        std::optional<std::string> common; ///< what all its frames gave; empty: not the same
    };
    struct Entry {
        const FrameExpectation *expected = nullptr;
        Column verdict{};
        Column reason{};
    };

    static void compare(Column &column, const std::optional<Expected> &expected,
                        const std::string &got, const CapturedFrame &frame,
                        const FrameOutcome &outcome);
    void add_finding(std::vector<Finding> &findings, const Column &column,
                     const std::optional<Expected> &expected) const;

    const SourceText &source_;
    std::vector<Entry> entries_;
    std::uint64_t frames_ = 0; ///< seen so far
};

} // namespace portscan
